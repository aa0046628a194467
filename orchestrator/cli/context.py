"""What every command starts from: the repository it is run in, its organization, and an AWS session."""

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import AccessError, ConfigurationError, SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.catalog import Catalog, read_catalog
from orchestrator.source.facts import ORGANIZATION_FILE
from orchestrator.source.git import Git, OthersRepositoryError, personal
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.surveyed import Surveyed

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_sts.type_defs import GetCallerIdentityResponseTypeDef

    # A command that needs no AWS must not wait for boto3 to be imported, nor one that needs no configuration for its
    # models: they are imported where they are used.
    from orchestrator.config.organization import Organization
    from orchestrator.wiring.wiring import Wiring


@dataclass(frozen=True)
class Context:
    """Where a command runs.

    Args:
        folder: a folder within the repository.
        profile: the AWS profile, None for the default.
        region: overrides the tooling account's region of `orchestrator.toml`.
    """

    folder: Path
    profile: str | None = None
    region: str | None = None

    @cached_property
    def root(self) -> Path:
        """The root of the repository that the folder is in."""
        try:
            return self.git.root
        except OthersRepositoryError:
            raise
        except SourceError as error:
            raise ConfigurationError(
                ORGANIZATION_FILE,
                f"was looked for in {self.folder}, which is not in a git repository: change to one, or name one with "
                f"--repository. {error}",
            ) from error

    @cached_property
    def git(self) -> Git:
        """Runs git in that repository."""
        url, search_path = self.folder.absolute().as_uri(), os.environ.get("PATH", os.defpath)
        return Git(self.folder, url, search_path, person=personal(os.environ), has_files=True)

    @cached_property
    def organization(self) -> "Organization":
        """The working tree's `orchestrator.toml`; the repository's URL is this one's unless it says otherwise."""
        from orchestrator.config.load import load_organization  # noqa: PLC0415  # See above.

        file = self.root / ORGANIZATION_FILE
        if not file.exists():
            raise ConfigurationError(
                ORGANIZATION_FILE, f"is missing at the root of {self.root}: 'orchestrator init' drafts one."
            )
        organization = load_organization(file.read_bytes())
        url = organization.repository.url or self.root.as_uri()
        repository = organization.repository.model_copy(update={"url": url})
        return organization.model_copy(update={"repository": repository})

    @cached_property
    def repository(self) -> LocalGitRepository:
        """The repository that the command is run in."""
        return LocalGitRepository(self.root, self.git.search_path, self.git)

    def uncommitted(self, folders: Iterable[str]) -> list[str]:
        """What in some folders of the working tree is changed, or is not in git at all; ignored files are left out."""
        paths = [f":(literal){folder or '.'}" for folder in folders]
        # A submodule has settings of its own, and its files are in no build.
        asked = ("status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=all", "--", *paths)
        entries = self.git.of_files(*asked).decode(errors="replace").split("\0")
        return [entry[3:] for entry in entries if entry]

    def catalog(self, revision: str, bases: Iterable[Surveyed] = ()) -> Catalog:
        """The units at a commit, found with the help of what was found at others."""
        return read_catalog(self.repository, revision, bases)

    def session(self, region: str | None = None) -> "boto3.Session":
        """The caller's AWS session."""
        import boto3  # noqa: PLC0415  # See above.

        default = self.region or self.organization.tooling.region
        return boto3.Session(profile_name=self.profile, region_name=region or default)

    @cached_property
    def account(self) -> str:
        """The account of the caller's credentials.

        Raises:
            AccessError: there are no credentials, or they are not valid.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # See above.

        try:
            return self._caller["Account"]
        except (ClientError, BotoCoreError) as error:
            raise AccessError(
                f"AWS cannot be reached: {error}. Set AWS_PROFILE or --profile; the embedded cloud is started with "
                "'orchestrator local up', which says what to export."
            ) from error

    @property
    def caller(self) -> str:
        """Who calls, as an ARN: what is recorded of freezes and the like."""
        return self._caller["Arn"]

    @cached_property
    def _caller(self) -> "GetCallerIdentityResponseTypeDef":
        from orchestrator.aws.session import CLIENT  # noqa: PLC0415  # See above.

        return self.session().client("sts", config=CLIENT).get_caller_identity()

    @cached_property
    def wiring(self) -> "Wiring":
        """The parts, wired for the tooling account."""
        from orchestrator.wiring.wiring import Wiring  # noqa: PLC0415  # See above.

        tooling = self.organization.tooling
        if self.account != tooling.account:
            raise AccessError(
                f"These credentials are for account {self.account}; the tooling account of orchestrator.toml is "
                f"{tooling.account}. Choose its profile with AWS_PROFILE or --profile."
            )
        return Wiring(self.session(), settings(self.organization))

    def require_installed(self) -> None:
        """Look for the ledger: without it, an event would be put and never heard of.

        Raises:
            ClientError: it is not there.
        """
        from botocore.exceptions import ClientError  # noqa: PLC0415  # See above.

        try:
            self.wiring.ledger.controls.freezes()
        except ClientError as error:
            # Whoever may not look may still do what comes next.
            if "ResourceNotFound" in str(error):
                raise

    def rewired(self) -> "Wiring":
        """The same parts anew, for another thread: sessions and tables are not to be shared by threads."""
        return replace(self.wiring, session=self.session())


def settings(organization: "Organization") -> dict[str, str]:
    """What the Lambdas get as environment variables, for the command line."""
    from orchestrator.config.infrastructure import (  # noqa: PLC0415  # See above.
        APPROVALS_TOPIC,
        FAILURES_TOPIC,
        GUARDRAILS_TABLE,
        LEDGER_TABLE,
        TOKENS_TABLE,
        decisions_bucket,
    )

    tooling = organization.tooling
    topics = {
        name: f"arn:aws:sns:{tooling.region}:{tooling.account}:{topic}"
        for name, topic in (("approvals_topic", APPROVALS_TOPIC), ("failures_topic", FAILURES_TOPIC))
    }
    return {
        "ledger_table": LEDGER_TABLE,
        "guardrails_table": GUARDRAILS_TABLE,
        "tokens_table": TOKENS_TABLE,
        "decisions_bucket": decisions_bucket(tooling.account, tooling.region),
        "bucket": tooling.bucket,
        "external_id": organization.external_id,
        "repository_url": str(organization.repository.url),
        "repository_secret": organization.repository.secret,
        "repository_proxy": organization.repository.proxy or "",
        "branch": organization.repository.branch,
        "allow_unmerged": " ".join(organization.repository.allow_unmerged),
        "begin_publish": organization.function_arn("begin_publish"),
        **topics,
    }


def use(profile: str | None, region: str | None, endpoint_url: str | None) -> None:
    """Make the global options hold for every session of this process, also for those of assumed roles."""
    chosen = {"AWS_PROFILE": profile, "AWS_REGION": region, "AWS_ENDPOINT_URL": endpoint_url}
    os.environ.update({name: value for name, value in chosen.items() if value})
