"""The templates, synthesized once for all tests that look at them, with CDK's own validation on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.bootstrap.synth import synthesize
from orchestrator.config.organization import Build, Organization, Repository
from tests.shared_folder import once

Template = dict[str, Any]
REGION = "eu-west-1"


@pytest.fixture(scope="session")
def organization() -> Organization:
    """Four targets in three accounts: dev has two regions, and test shares one of them."""
    return Organization.model_validate(
        {
            "tooling": {"account": "111111111111", "region": REGION},
            "environments": [
                {
                    "name": "dev",
                    "targets": [
                        {"account": "222222222222", "region": REGION},
                        {"account": "222222222222", "region": "eu-central-1"},
                    ],
                },
                {"name": "test", "account": "222222222222", "region": REGION, "stack_suffix": "-test"},
                {
                    "name": "staging",
                    "account": "333333333333",
                    "region": REGION,
                    "deployer_role": "deployer-of-ours",
                    "cloudformation_policies": ["arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess"],
                },
                {"name": "prod", "account": "111111111111", "region": REGION, "requires_approval": True},
            ],
            "organization_id": "o-abcdefghij",
            "stack_prefix": "shop-",
            "adopt": {"stacks": ["orders-live"]},
            "repository": {"url": "file:///repository", "branch": "trunk"},
        }
    )


@pytest.fixture(scope="session")
def texts(organization: Organization, shared: Path) -> dict[str, str]:
    """All templates as they are written."""

    def make(file: Path) -> None:
        file.write_text(json.dumps(synthesize(organization, validate=True)))

    made: dict[str, str] = json.loads(once(shared, "infra.json", make).read_bytes())
    return made


@pytest.fixture(scope="session")
def templates(texts: dict[str, str]) -> dict[str, Template]:
    """All templates, by name."""
    return {name: json.loads(text) for name, text in texts.items()}


@pytest.fixture(scope="session")
def with_options(organization: Organization) -> Template:
    """The tooling stack with all that is optional: CodeBuild builds, and the repository is on GitHub."""
    changes = {
        "build": Build(runner="codebuild", timeout_minutes=30),
        "repository": Repository(
            url="github://github.com/acme/shop", branch="trunk", proxy="http://proxy.example.com:3128"
        ),
    }
    template: Template = json.loads(synthesize(organization.model_copy(update=changes), validate=True)["orchestrator"])
    return template


@pytest.fixture(scope="session")
def files(texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All templates as files."""
    folder = tmp_path_factory.mktemp("templates")
    written = [folder / f"{name}.json" for name in texts]
    for file in written:
        file.write_text(texts[file.stem])
    return written


@pytest.fixture(scope="session")
def tooling(templates: dict[str, Template]) -> Template:
    """The tooling stack."""
    return templates["orchestrator"]


@pytest.fixture(scope="session")
def resources() -> Callable[[Template, str], list[Template]]:
    """Finds the properties of a template's resources of one type."""

    def find(template: Template, kind: str) -> list[Template]:
        return [one["Properties"] for one in template["Resources"].values() if one["Type"] == kind]

    return find
