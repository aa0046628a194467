"""Every error the orchestrator raises on purpose, each saying what is wrong, where, and what to do next."""


class OrchestratorError(Exception):
    """The root of all expected errors: its text is written for the person who reads it.

    Attributes:
        exit_code: what the command line exits with. 1 is a failed operation, 2 a wrong request.
    """

    exit_code = 1


class ConfigurationError(OrchestratorError):
    """A file of the repository is missing, malformed or holds a value that is not valid.

    Args:
        file: the file, relative to the repository's root.
        problems: one sentence for each thing wrong, naming key, value and what is valid.
    """

    exit_code = 2

    def __init__(self, file: str, *problems: str) -> None:
        self.file = file
        self.problems = problems
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))


class UnknownNameError(OrchestratorError):
    """A unit, environment, version or commit was named that does not exist.

    Args:
        kind: what was looked for, such as "unit".
        name: what was given.
        valid: the names that exist; listed, shortened when there are many.
        hint: what to do next, where the list is not enough.
    """

    exit_code = 2
    _MOST_LISTED = 20

    def __init__(self, kind: str, name: str, valid: list[str], hint: str = "") -> None:
        self.kind = kind
        self.name = name
        self.valid = valid
        listed = ", ".join(valid[: self._MOST_LISTED]) + (", ..." if len(valid) > self._MOST_LISTED else "")
        known = f"Known: {listed}." if valid else f"There is no {kind} yet."
        super().__init__(" ".join(filter(None, [f"There is no {kind} {name!r}.", known, hint])))


class RequestError(OrchestratorError):
    """A promotion, an approval or an event was asked for in a way that cannot be carried out."""

    exit_code = 2


class SourceError(OrchestratorError):
    """The git repository could not answer."""


class BuildError(OrchestratorError):
    """A unit could not be built.

    Args:
        unit: the unit's name.
        step: what was being done, such as "install dependencies".
        reason: what went wrong and what to do next.
        log: the last lines of the build's log, empty when nothing ran.
    """

    def __init__(self, unit: str, step: str, reason: str, log: str = "") -> None:
        self.unit = unit
        self.step = step
        self.log = log
        super().__init__(f"Build of {unit} failed at '{step}': {reason}" + (f"\n{log}" if log else ""))


class ArtifactError(OrchestratorError):
    """An object in S3 is missing, was altered, or would have been overwritten."""


class AccessError(OrchestratorError):
    """A role could not be assumed, or what it may do was not enough."""


class DeploymentError(OrchestratorError):
    """CloudFormation refused or failed a change of a unit's stack."""


class LocalCloudError(OrchestratorError):
    """The embedded cloud could not be started or reached."""


class StepError(OrchestratorError):
    """A function of the orchestrator failed when it was called directly."""
