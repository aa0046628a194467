"""What the tests of merges share."""

from collections.abc import Iterator

import pytest

from tests.merges import ORGANIZATION, organize, project, write
from tests.moto_company import MotoCompany, moto_company


@pytest.fixture
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with two units that were never merged."""
    with moto_company(tmp_path_factory.mktemp("company"), execute=False, environments=("dev", "prod")) as made:
        organize(made, ORGANIZATION)
        for name in ("clock", "calendar"):
            write(made, f"projects/{name}/pyproject.toml", project(name))
        made.commit("Add two units")
        yield made
