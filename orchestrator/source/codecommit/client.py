"""Asks CodeCommit; its errors become sentences, and what is not there becomes None."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from orchestrator.aws.errors import error_code
from orchestrator.errors import SourceError
from orchestrator.source.objects import CommitObject, object_id
from orchestrator.source.repository import Commit, Entry, Mode, people_of, subject_of

if TYPE_CHECKING:
    # Stubs alone: they are not installed where this runs.
    from mypy_boto3_codecommit import CodeCommitClient as BotoClient

    from orchestrator.source.codecommit.address import CodeCommitAddress
    from orchestrator.source.trees import Listing

_NOT_THERE = {
    "BranchDoesNotExistException",
    "CommitDoesNotExistException",
    "CommitIdDoesNotExistException",
    "FolderDoesNotExistException",
    # What no branch, commit or folder can be called is not there either.
    "InvalidBranchNameException",
    "InvalidCommitException",
    "InvalidCommitIdException",
    "InvalidPathException",
}
_TOO_LARGE = "FileTooLargeException"
_MODES = {"NORMAL": Mode.FILE, "EXECUTABLE": Mode.PROGRAM, "SYMLINK": Mode.LINK}


class CodeCommitClient:
    """Asks for one repository. Retries, also when requests are too many, are botocore's.

    Args:
        codecommit: of the repository's region; may be used by several threads at once.
        address: which repository.
    """

    def __init__(self, codecommit: BotoClient, address: CodeCommitAddress) -> None:
        self._codecommit = codecommit
        self._address = address

    def branch(self, name: str) -> str | None:
        """The id of a branch's newest commit."""
        found = self._ask("get_branch", branchName=name)
        # The API's answer says which branch it is of: no other one is meant, however it reads the name.
        return str(found["branch"]["commitId"]) if found and found["branch"]["branchName"] == name else None

    def branches(self) -> list[str]:
        """The names of all branches."""
        try:
            pages = self._codecommit.get_paginator("list_branches").paginate(repositoryName=self._address.name)
            return sorted(name for page in pages for name in page["branches"])
        except (ClientError, BotoCoreError) as error:
            raise self._failed(error) from error

    def commit(self, identity: str) -> CommitObject | None:
        """A commit by its full id."""
        found = self._ask("get_commit", commitId=identity)
        return _commit(found["commit"]) if found else None

    def folder(self, commit: str, path: str) -> tuple[str, Listing] | None:
        """A folder's id, and what lies directly in it."""
        found = self._ask("get_folder", commitSpecifier=commit, folderPath=path)
        return (str(found["treeId"]), _listing(found)) if found else None

    def blob(self, identity: str, path: str) -> bytes:
        """The content of a file.

        Args:
            identity: git's id of it.
            path: one that it has, for errors.
        """
        try:
            content = self._codecommit.get_blob(repositoryName=self._address.name, blobId=identity)["content"]
        except ClientError as error:
            if error_code(error) == _TOO_LARGE:
                raise SourceError(
                    f"{path!r} in {self._address} is larger than CodeCommit's API gives out. Keep such files out of "
                    "units, or publish the repository with 'orchestrator publish-source' and read it from S3."
                ) from error
            raise self._failed(error) from error
        except BotoCoreError as error:
            raise self._failed(error) from error
        if object_id("blob", content, like=identity) != identity:
            raise SourceError(f"{path!r} in {self._address} came with another content than git's id of it says.")
        return content

    def _ask(self, operation: str, **arguments: str) -> Any:
        try:
            return getattr(self._codecommit, operation)(repositoryName=self._address.name, **arguments)
        except ParamValidationError:
            # Such as a name that is longer than any.
            return None
        except ClientError as error:
            if error_code(error) in _NOT_THERE:
                return None
            raise self._failed(error) from error
        except BotoCoreError as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> SourceError:
        return SourceError(f"{self._address} cannot be read: {error}")


def _commit(told: Any) -> CommitObject:
    author, committer = (f"{told[who]['name']} <{told[who]['email']}>" for who in ("author", "committer"))
    commit = Commit(
        id=told["commitId"],
        author=author,
        # Seconds since 1970, and the time zone that it was made in.
        committed_at=datetime.fromtimestamp(int(told["committer"]["date"].split()[0]), UTC),
        subject=subject_of(told.get("message", "")),
        parents=tuple(told.get("parents", ())),
        people=people_of(author, committer, told.get("message", "")),
    )
    return CommitObject(commit, told["treeId"])


def _listing(told: Any) -> Listing:
    folders = {_name(one): Entry(one["treeId"], Mode.FOLDER) for one in told.get("subFolders", ())}
    files = {_name(one): Entry(one["blobId"], _MODES[one["fileMode"]]) for one in told.get("files", ())}
    links = {_name(one): Entry(one["blobId"], Mode.LINK) for one in told.get("symbolicLinks", ())}
    modules = {_name(one): Entry(one["commitId"], Mode.SUBMODULE) for one in told.get("subModules", ())}
    return {**folders, **files, **links, **modules}


def _name(told: Any) -> str:
    return str(told["absolutePath"]).rpartition("/")[2]
