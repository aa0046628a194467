"""One embedded cloud for all tests of a worker, and one installation in it, which modules share.

An installation costs seconds, and so does the first call of each of its Lambdas. So a module that merges, promotes,
approves or looks at what became of that joins the shared one:

    @pytest.fixture(scope="module")
    def company(installation: Shared) -> Iterator[Company]:
        with installation.company("sundial") as company:
            yield company

Its unit has a name that no other module has, and is gone from the repository afterwards; two build workers are there
already. What a module changes beyond its unit (a freeze, a message in a queue, a stack of another name) it puts back.
`new_company` makes a company with accounts of its own, for a module that alters the installation or needs all its build
workers to itself; a cloud that is ended or restarted is made by the module that does so, as `test_restart.py` does.
"""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import boto3
import botocore.session
import pytest

from orchestrator.aws.session import CLIENT, Assumer
from orchestrator.bootstrap.install import Bootstrap
from orchestrator.bootstrap.sessions import MemberAccounts
from orchestrator.bootstrap.synth import synthesize_cached
from orchestrator.config.infrastructure import bucket_name
from orchestrator.config.organization import Lambda, Organization
from orchestrator.local.accounts import create_organization_role
from orchestrator.local.cloud import LocalCloud, free_port
from orchestrator.releases.layout import survey_key
from tests.bundles import THIS_MACHINE, bundle_of_lambdas
from tests.end_to_end.company import ADOPTED, Company
from tests.end_to_end.shared import Shared
from tests.shared_folder import alone

REGION = "eu-west-1"
_ENVIRONMENTS = ("dev", "test", "staging", "prod")
# The accounts that templates are made with once; a test's own numbers take their places.
_STAND_INS = tuple(f"9000000000{number:02d}" for number in range(5))


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A running embedded cloud, with IAM enforced."""
    local = LocalCloud(tmp_path_factory.mktemp("cloud"), free_port())
    local.up()
    yield local
    local.down()


@pytest.fixture(scope="session")
def new_session(cloud: LocalCloud) -> Callable[..., boto3.Session]:
    """Makes sessions as `boto3.Session` does, for the embedded cloud."""
    return sessions_of(cloud)


def sessions_of(cloud: LocalCloud) -> Callable[..., boto3.Session]:
    """Makes sessions as `boto3.Session` does, for an embedded cloud, whatever the environment variables say."""
    process = cloud.running()
    assert process is not None
    file = cloud.folder / "sessions-config"
    file.write_text(f"[default]\nendpoint_url = {process.endpoint_url}\n")

    def make(**arguments: str) -> boto3.Session:
        core = botocore.session.Session()
        core.set_config_variable("config_file", str(file))
        core.set_config_variable("ca_bundle", str(process.certificate))
        return boto3.Session(botocore_session=core, **arguments)

    return make


@pytest.fixture(scope="session")
def root_of(new_session: Callable[..., boto3.Session]) -> Callable[..., boto3.Session]:
    """Opens an account of the embedded cloud as its root."""
    return roots_of(new_session)


def roots_of(new_session: Callable[..., boto3.Session]) -> Callable[..., boto3.Session]:
    """Opens an account as its root, given its number and, unless it is the usual one, a region."""

    def open_account(account: str, region: str = REGION) -> boto3.Session:
        return new_session(aws_access_key_id=account, aws_secret_access_key="test", region_name=region)

    return open_account


@pytest.fixture(scope="session")
def new_organization() -> Callable[[str | None], Organization]:
    """Makes an organization of five accounts that no other test has, given the URL of its repository or None.

    Only prod asks for approval. The Lambdas run on this machine's own Python and processor.
    """
    numbers = count(1)

    def make(url: str | None = None) -> Organization:
        number = next(numbers)
        return organization_of([f"1{number:010d}{which}" for which in range(5)], url)

    return make


def organization_of(accounts: list[str], url: str | None) -> Organization:
    """An organization of a tooling account and one for each environment."""
    tooling, *targets = accounts
    environments = [
        {"name": name, "account": account, "region": REGION, "requires_approval": name == "prod"}
        for name, account in zip(_ENVIRONMENTS, targets, strict=True)
    ]
    return Organization.model_validate(
        {
            "tooling": {"account": tooling, "region": REGION},
            "environments": environments,
            "lambda": {"python": THIS_MACHINE.python, "architecture": THIS_MACHINE.architecture},
            "repository": {"url": url or "file:///nowhere"},
            "adopt": {"stacks": [ADOPTED]},
        }
    )


@pytest.fixture(scope="session")
def templates_of(shared: Path) -> Callable[[Organization], dict[str, str]]:
    """The templates of an organization, synthesized once for all of them: CDK takes seconds."""
    snapshots = f"s3://{bucket_name(_STAND_INS[0], REGION)}/source"

    def make(organization: Organization) -> dict[str, str]:
        url = str(organization.repository.url)
        # What may be read depends on what kind of repository it is.
        stand_in = snapshots if url.startswith("s3://") else "file:///stand-in"
        with alone(shared, "templates"):
            templates = synthesize_cached(organization_of(list(_STAND_INS), stand_in), shared / "templates")
        accounts = [organization.tooling.account, *(target.account for target in organization.targets)]
        # It is named after the repository.
        branch = organization.repository.branch
        surveys = survey_key(stand_in, branch), survey_key(url, branch)
        changes = [surveys, (stand_in, url), *zip(_STAND_INS, accounts, strict=True)]
        return {_replaced(name, changes): _replaced(text, changes) for name, text in templates.items()}

    return make


def _replaced(text: str, changes: list[tuple[str, str]]) -> str:
    for old, new in changes:
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="session")
def bundle(shared: Path) -> Callable[[Lambda, Path], None]:
    """Writes the Lambdas' code, put together once."""

    def write(_: Lambda, into: Path) -> None:
        shutil.copyfile(bundle_of_lambdas(shared), into)

    return write


@pytest.fixture(scope="session")
def bootstrap_of(
    new_session: Callable[..., boto3.Session],
    templates_of: Callable[[Organization], dict[str, str]],
    bundle: Callable[[Lambda, Path], None],
) -> Callable[[Organization], Bootstrap]:
    """Prepares the bootstrap of an organization on the embedded cloud."""
    return lambda organization: prepare(organization, new_session, templates_of, bundle)


def prepare(
    organization: Organization,
    new_session: Callable[..., boto3.Session],
    templates_of: Callable[[Organization], dict[str, str]],
    bundle: Callable[[Lambda, Path], None],
) -> Bootstrap:
    """Prepare the bootstrap of an organization, whose accounts get what AWS Organizations would give them."""
    root_of, tooling = roots_of(new_session), organization.tooling.account
    for target in organization.targets:
        create_organization_role(root_of(target.account).client("iam", config=CLIENT), tooling)
    assume = Assumer(root_of(tooling).client("sts", config=CLIENT), new_session)
    sessions = MemberAccounts(lambda region: root_of(tooling, region), tooling, assume)
    return Bootstrap(organization, sessions, templates_of(organization), bundle=bundle)


@pytest.fixture(scope="session")
def new_company(
    tmp_path_factory: pytest.TempPathFactory,
    new_organization: Callable[[str], Organization],
    bootstrap_of: Callable[[Organization], Bootstrap],
    root_of: Callable[..., boto3.Session],
    new_session: Callable[..., boto3.Session],
) -> Callable[[], Company]:
    """Makes a company with accounts of its own, everything static in place, and a repository with one unit, `clock`."""

    def make() -> Company:
        folder = tmp_path_factory.mktemp("repository")
        organization = new_organization(folder.as_uri())
        made = Company(organization, folder, root_of, new_session)
        list(bootstrap_of(organization).install())
        made.found()
        return made

    return make


@pytest.fixture(scope="session")
def installation(new_company: Callable[[], Company]) -> Iterator[Shared]:
    """The installation that modules share, with as many build workers as there are cores where tests run."""
    founder = new_company()
    founder.leave()
    with founder.worker() as first, founder.worker() as second:
        yield Shared(founder, (first, second))


@pytest.fixture(scope="module")
def installed(
    new_organization: Callable[[], Organization], bootstrap_of: Callable[[Organization], Bootstrap]
) -> Organization:
    """An organization of five accounts with everything static in place, shared by a module's tests."""
    organization = new_organization()
    list(bootstrap_of(organization).install())
    return organization
