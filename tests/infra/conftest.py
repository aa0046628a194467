"""The templates, synthesized once for all tests that look at them, with CDK's own validation on."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.config.organization import Organization
from tests.infra.synthesized import Template, example, texts_of, with_all_options


@pytest.fixture(scope="session")
def organization() -> Organization:
    """Four targets in three accounts: dev has two regions, and test shares one of them."""
    return example()


@pytest.fixture(scope="session")
def texts(organization: Organization, shared: Path) -> dict[str, str]:
    """All templates as they are written."""
    return texts_of(organization, shared)


@pytest.fixture(scope="session")
def templates(texts: dict[str, str]) -> dict[str, Template]:
    """All templates, by name."""
    return {name: json.loads(text) for name, text in texts.items()}


@pytest.fixture(scope="session")
def with_options(organization: Organization, shared: Path) -> Template:
    """The tooling stack with all that is optional: CodeBuild builds, and the repository is on GitHub."""
    texts = texts_of(with_all_options(organization), shared, "infra-with-options")
    template: Template = json.loads(texts["orchestrator"])
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
