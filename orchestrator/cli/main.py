"""The `orchestrator` command: global options, and every error as a sentence with an exit code.

Exit codes: 0 success; 1 the operation failed; 2 the request was wrong; 130 interrupted.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import click

from orchestrator.cli.commands import LazyCommands
from orchestrator.cli.output import complain
from orchestrator.cli.parameters import Option, described
from orchestrator.errors import OrchestratorError
from orchestrator.startup import prepare

# How AWS calls a table or a function that does not exist.
_NOT_THERE = "ResourceNotFoundException"
# How AWS calls a lack of permissions.
_NOT_ALLOWED = ("AccessDenied", "AuthorizationError", "not authorized")
_ANYWHERE = ("--profile", "--region", "--endpoint-url")


def options(
    context: click.Context,
    profile: Annotated[str | None, Option(help="AWS profile, as in the AWS CLI.")] = None,
    region: Annotated[str | None, Option(help="Region of the tooling account.")] = None,
    endpoint_url: Annotated[str | None, Option(help="Send all AWS calls there.")] = None,
    repository: Annotated[Path, Option(help="A folder within the git repository.")] = Path(),
) -> None:
    """Promotes every folder of a repository through AWS accounts with its own state machine."""
    from orchestrator.cli.context import Context, use  # noqa: PLC0415  # Help need not wait for the configuration.

    use(profile, region, endpoint_url)
    context.obj = Context(repository, profile, region)


app = LazyCommands(**described(options))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, that of the process when none is given; only a bug shows a stack trace."""
    prepare()
    try:
        app(options_first(sys.argv[1:] if arguments is None else arguments), prog_name="orchestrator")
    except OrchestratorError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except Exception as error:
        if not _is_of_aws(error):
            raise
        if _NOT_THERE in str(error):
            complain(
                f"The orchestrator is not installed here, or not all of it: run 'orchestrator bootstrap'. ({error})"
            )
        else:
            complain(f"AWS refused: {error}{_advice(str(error))}")
        sys.exit(1)


def _advice(refusal: str) -> str:
    """What to do about a refusal of AWS, where it is one of permissions."""
    if not any(mark in refusal for mark in _NOT_ALLOWED):
        return ""
    return " (docs/access.md names the managed policy that each command needs; attach it to whoever runs this one.)"


def _is_of_aws(error: Exception) -> bool:
    """Whether botocore raised it; a command that needs no AWS has not even imported botocore."""
    exceptions = sys.modules.get("botocore.exceptions")
    return exceptions is not None and isinstance(error, (exceptions.ClientError, exceptions.BotoCoreError))


def options_first(arguments: Sequence[str]) -> list[str]:
    """Move the AWS options to the front: as in the AWS CLI, they may stand anywhere."""
    moved, rest = [], []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument in _ANYWHERE:
            moved += [argument, *([value] if (value := next(remaining, None)) is not None else [])]
        elif argument.startswith(tuple(f"{name}=" for name in _ANYWHERE)):
            moved.append(argument)
        else:
            rest.append(argument)
    return [*moved, *rest]


if __name__ == "__main__":
    main()
