"""Why something of a repository that looks like a unit is none: a closed list, so that it can be counted."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.config.told import ROOT


class Reason(StrEnum):
    """What is left out, in words that a number can follow."""

    WITHIN = "templates and apps in folders of others, which are units or left out themselves"
    BESIDE = "further templates in folders of units, which have one template"
    SEVERAL = "folders with several templates, none of which has a usual name"
    CODE = "templates with code, parameters or paths that cannot be built"
    MISSING = "templates that name files which are not in the repository"
    CDK = "CDK apps that are not in Python"
    TOOL = "projects that another tool deploys"
    TEMPLATE = "templates that cannot be read"
    PROJECT = "folders whose project files a unit cannot have"
    NO_TEMPLATE = "folders among units that hold a project or a file called as templates are, and no template"
    NOT_A_FOLDER = "submodules, links to folders, and names that are not UTF-8"
    REFUSED = "folders that no unit can be in for another reason"


@dataclass
class LeftOut:
    """What is left out, by path from the repository's root.

    Attributes:
        reasons: of each path.
        sentences: the same in words, with what to do where something can be done.
        kinds: of those that are of several kinds, which.
    """

    reasons: dict[str, Reason] = field(default_factory=dict)
    sentences: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, reason: Reason, *said: str, kind: str = "") -> None:
        """Leave something out; what was said of it first holds.

        Args:
            path: the folder or file; empty for the repository itself.
            reason: why.
            said: the same in sentences.
            kind: which of several kinds, such as the name of a tool.
        """
        if (path or ROOT) not in self.reasons:
            self.reasons[path or ROOT] = reason
            self.sentences[path or ROOT] = " ".join(said)
            self.kinds |= {path or ROOT: kind} if kind else {}

    @property
    def counts(self) -> list[tuple[Reason, int, list[tuple[str, int]]]]:
        """How much is left out for which reason, and how much of which kind; most first."""
        return [
            (
                reason,
                count,
                Counter(self.kinds[path] for path in self.kinds if self.reasons[path] is reason).most_common(),
            )
            for reason, count in Counter(self.reasons.values()).most_common()
        ]
