"""The URL of a repository in CodeCommit."""

import re
from typing import Self

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass

SCHEMES = ("codecommit://", "codecommit::")
# Ours, and the one that git-remote-codecommit takes. Of a name, CodeCommit allows 100 of these characters.
_URL = re.compile(r"codecommit(?:://(?P<ours>[a-z0-9-]+)/|::(?P<gits>[a-z0-9-]+)://)(?P<name>[\w.-]{1,100})")


@dataclass(frozen=True)
class CodeCommitAddress:
    """A repository in a region of the account whose credentials read it."""

    region: str
    name: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL.

        Raises:
            SourceError: it is none of that kind.
        """
        found = _URL.fullmatch(url)
        if found is None:
            raise SourceError(
                f"The repository {url!r} cannot be opened: those in CodeCommit are written "
                "codecommit://<region>/<name> or codecommit::<region>://<name>."
            )
        return cls(found["ours"] or found["gits"], found["name"])

    def arn(self, account: str) -> str:
        """Its ARN in an account."""
        return f"arn:aws:codecommit:{self.region}:{account}:{self.name}"

    def __str__(self) -> str:
        return f"codecommit://{self.region}/{self.name}"
