"""Imports that `depends_on` misses, in real repositories, by the command that people run."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from orchestrator.source.catalog import read_catalog
from orchestrator.suggest.lines import Lines, Suggestion
from orchestrator.suggest.search import Found, Search
from tests.source_repository import ORGANIZATION, Repository, unit


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Nothing but the organization."""
    made = Repository(tmp_path)
    made.commit({"orchestrator.toml": ORGANIZATION})
    return made


def search(repository: Repository) -> tuple[Found, list[Suggestion]]:
    """What is found, and what is suggested then."""
    catalog = read_catalog(repository.read, "main")
    found, lines = Search(catalog, repository.read)(), Lines(catalog)
    return found, [lines(owner, outside) for owner, outside in sorted(found.outside.items())]


def suggested(repository: Repository) -> dict[str, list[str]]:
    """By file and table, what is to be written."""
    _, made = search(repository)
    return {f"{one.file} {one.table}": list(one.depends_on) for one in made}


def test_each_layout_of_shared_code_is_found(repository: Repository) -> None:
    """`src` folders, packages at the root, namespaces, layers, and modules that lie in a folder."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": unit("libs/base"),
            "projects/orders/src/orders/__init__.py": "import billing_rules.money, base\n",
            "projects/orders/src/orders/work.py": "from shared.utils import dates\nimport acme.money\nimport layered\n",
            "projects/orders/src/orders/more.py": "def f():\n    from flat import thing\n",
            "projects/shared/pyproject.toml": unit(library=True),
            "projects/shared/src/billing_rules/__init__.py": "",
            "projects/shared/src/billing_rules/money.py": "",
            "libs/base/base.py": "",
            "shared/__init__.py": "",
            "shared/utils/__init__.py": "dates = 1\n",
            "namespaces/src/acme/money/__init__.py": "",
            "layers/common/python/layered.py": "",
            "other/flat.py": "thing = 1\n",
        }
    )
    assert suggested(repository) == {
        "projects/orders/pyproject.toml tool.orchestrator": [
            "libs/base",
            "layers/common/python",
            "namespaces/src/acme/money",
            "other",
            "projects/shared",
            "shared",
        ]
    }


def test_what_is_suggested_covers_what_was_missing(repository: Repository) -> None:
    """Once it is written, nothing is left, and the unit runs when the shared code changes."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": unit(),
            "projects/orders/orders.py": "import money\n",
            "libs/[new] money/money.py": "",
        }
    )
    _, (suggestion,) = search(repository)
    repository.commit({"projects/orders/pyproject.toml": unit(*suggestion.depends_on)})
    assert suggested(repository) == {}
    inputs = read_catalog(repository.read, "main").inputs["orders"]
    assert [one.path for one in inputs] == ["projects/orders", "libs/[new] money"]


def test_what_a_unit_has_itself_is_not_suggested(repository: Repository) -> None:
    """Nor the standard library, what it declares, what only its tests or type checkers import, and others' tests."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": '[project]\nversion = "1"\ndependencies = ["Vendored-Thing>=1"]\n',
            "projects/orders/requirements.txt": "pinned==1.0  # it is in vendor, too\n",
            "projects/poet/pyproject.toml": '[tool.poetry]\nversion = "1"\n[tool.poetry.dependencies]\nPinned = "^1"\n',
            "projects/poet/poet.py": "import pinned\n",
            "projects/orders/orders.py": (
                "import json, utils, vendored_thing, pinned, boto3, nowhere, helpers\n"
                "from . import utils\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import money\n"
            ),
            "projects/orders/utils.py": "",
            "projects/orders/tests/test_orders.py": "import money\n",
            "projects/other/pyproject.toml": unit(),
            "projects/other/utils.py": "",
            "projects/other/tests/helpers.py": "",
            "vendor/vendored_thing.py": "",
            "vendor/pinned.py": "",
            "vendor/boto3.py": "",
            "vendor/json.py": "",
            "libs/money.py": "",
        }
    )
    assert suggested(repository) == {}


def test_parts_of_a_namespace_may_lie_in_several_folders(repository: Repository) -> None:
    """But a package of one's own hides all others of its name, as it does from Python."""
    files = {
        "projects/orders/pyproject.toml": unit(),
        "projects/orders/src/acme/orders.py": "import acme.money, acme.orders\n",
        "libs/money/pyproject.toml": unit(library=True),
        "libs/money/src/acme/money.py": "",
    }
    repository.commit(files)
    assert suggested(repository) == {"projects/orders/pyproject.toml tool.orchestrator": ["libs/money"]}
    repository.commit({"projects/orders/src/acme/__init__.py": ""})
    assert suggested(repository) == {}


def test_relative_imports_that_lead_out_of_a_unit_are_followed(repository: Repository) -> None:
    """As where the whole repository is one package."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": unit(),
            "projects/orders/orders.py": "from ..common.money import round\nfrom .. import nothing\n",
            "projects/common/money.py": "",
        }
    )
    assert suggested(repository) == {"projects/orders/pyproject.toml tool.orchestrator": ["projects/common"]}


def test_shared_code_says_itself_what_it_needs(repository: Repository) -> None:
    """Where it has settings; else whoever names it does, also in `orchestrator.toml`."""
    repository.commit(
        {
            "orchestrator.toml": f'units = ["projects/*", "plain"]\n{ORGANIZATION}\n'
            '[unit."projects/told"]\ndepends_on = ["libs/bare"]\n',
            "projects/orders/pyproject.toml": unit("libs/known"),
            "libs/known/pyproject.toml": unit(library=True),
            "libs/known/known.py": "import base\n",
            "projects/told/pyproject.toml": '[project]\nversion = "1"\n',
            "libs/bare/bare.py": "import base\n",
            "plain/template.yaml": "Resources: {}\n",
            "plain/app.py": "import base\n",
            "libs/base/base.py": "",
        }
    )
    _, made = search(repository)
    assert {f"{one.file} {one.table}": (one.units, one.depends_on) for one in made} == {
        "libs/known/pyproject.toml tool.orchestrator": (("orders",), ("libs/base",)),
        'orchestrator.toml unit."projects/told"': (("told",), ("libs/bare", "libs/base")),
        'orchestrator.toml unit."plain"': (("plain",), ("libs/base",)),
    }


def test_what_would_close_a_cycle_is_not_suggested(repository: Repository) -> None:
    """Also where only two suggestions together would."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": unit("libs/a"),
            "libs/a/pyproject.toml": unit(library=True),
            "libs/a/a.py": "import b\n",
            "libs/b/pyproject.toml": unit("libs/c", library=True),
            "libs/b/b.py": "",
            "libs/c/pyproject.toml": unit(library=True),
            "libs/c/c.py": "import a\n",
            "projects/other/pyproject.toml": unit("libs/c"),
        }
    )
    _, made = search(repository)
    assert {one.file: (one.depends_on, one.cycles) for one in made} == {
        "libs/a/pyproject.toml": (("libs/b",), ()),
        "libs/c/pyproject.toml": ((), (("libs/c", "libs/a", "libs/b", "libs/c"),)),
    }


def test_a_name_that_several_folders_have_is_told_and_left_to_people(repository: Repository) -> None:
    """Unless one is shared and the others are units' own, or one is nearer."""
    repository.commit(
        {
            "projects/orders/pyproject.toml": unit(),
            "projects/orders/orders.py": "import unclear, private, near\n",
            "libs/a/unclear.py": "",
            "libs/b/unclear.py": "",
            "libs/c/private.py": "",
            "projects/other/pyproject.toml": unit(),
            "projects/other/private.py": "",
            "libs/d/near.py": "",
            "projects/near/near.py": "",
        }
    )
    _, (one,) = search(repository)
    assert one.depends_on == ("libs/c", "projects/near")
    assert [found.providers for found in one.imports if found.name == "unclear"] == [("libs/a", "libs/b")]


def _affected(repository: Repository, *arguments: str) -> str:
    command = [sys.executable, "-m", "orchestrator.cli.main", "--repository", str(repository.folder), "affected"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["ORCHESTRATOR_CACHE_DIR"] = str(repository.folder.parent / "cache")
    done = subprocess.run([*command, *arguments], env=environment, check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_the_command_says_what_to_write_and_what_it_could_not_read(repository: Repository) -> None:
    """Without any AWS account; hostile files are named, and keep nothing else back."""
    files = {
        "projects/orders/pyproject.toml": unit(),
        "projects/orders/orders.py": "import money\n",
        "projects/orders/huge.py": "#" * 3_000_000,
        "projects/orders/deep.py": f"x = {'-' * 100_000}1\n",
        "projects/orders/wrong.py": "import money as\n",
        "libs/money/money.py": "",
    }
    repository.commit(files)
    (repository.folder / "projects/orders/bytes.py").write_bytes(b"import \xff\n")
    repository.git.commit("Add bytes")
    said = _affected(repository, "--suggest")
    assert "import what depends_on does not name: 1 of 1" in said
    assert "projects/orders/orders.py:1 imports money, which is in libs/money" in said
    line = next(line for line in said.splitlines() if line.strip().startswith("depends_on"))
    assert tomllib.loads(line.strip()) == {"depends_on": ["libs/money"]}
    document: dict[str, Any] = json.loads(_affected(repository, "--suggest", "--output", "json"))
    assert document["suggestions"][0]["depends_on"] == ["libs/money"]
    assert set(document["not_read"]) == {f"projects/orders/{name}.py" for name in ("huge", "deep", "wrong", "bytes")}
    assert "Not read: projects/orders/huge.py has more than 512 KiB." in said
