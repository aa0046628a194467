"""Repositories that were never made for this: how units are found and named in them, over real git."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from orchestrator.source.catalog import Catalog, read_catalog
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.repository import Commit, Commits, Entry
from tests.git_repository import GitRepository
from tests.source_repository import ORGANIZATION

PROJECT = '[project]\nversion = "1.0"\n'


class Host:
    """A repository elsewhere, that notes which folders it was asked for.

    Args:
        folder: a local git repository.
    """

    def __init__(self, folder: Path) -> None:
        self._local = LocalGitRepository(folder, os.environ["PATH"])
        self.url = self._local.url
        self.asked: list[str] = []

    def commit(self, revision: str) -> Commit:
        """Ask git."""
        return self._local.commit(revision)

    def folders(self, commit: str, paths: Iterable[str]) -> Mapping[str, Mapping[str, Entry]]:
        """Ask git, and note what was asked for."""
        wanted = list(paths)
        self.asked += wanted
        return self._local.folders(commit, wanted)

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Ask git."""
        return self._local.files(commit, paths)

    def branches(self) -> list[str]:
        """Ask git."""
        return self._local.branches()

    def is_merged(self, commit: str, branch: str) -> bool:
        """Ask git."""
        return self._local.is_merged(commit, branch)

    def commits_between(self, old: str | None, new: str, folders: Iterable[str]) -> Commits:
        """Ask git."""
        return self._local.commits_between(old, new, folders)


class Existing:
    """A git repository with files in it, and what `orchestrator.toml` says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git = GitRepository(folder)
        self.git.begin()

    def write(self, *paths: str, text: str = "Resources: {}\n") -> None:
        """Write files that all hold the same."""
        for name in paths:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def catalog(self, settings: str, tables: str = "") -> Catalog:
        """Commit everything, and read the units."""
        self.write("orchestrator.toml", text=f"{settings}\n{ORGANIZATION}\n{tables}")
        commit = self.git.commit("Change something")
        return read_catalog(LocalGitRepository(self.folder, os.environ["PATH"]), commit)


@pytest.fixture
def existing(tmp_path: Path) -> Existing:
    """An empty one."""
    return Existing(tmp_path)


def folders(catalog: Catalog) -> dict[str, str]:
    """Where each unit is."""
    return {name: unit.folder for name, unit in catalog.units.items()}


@pytest.mark.parametrize(
    ("globs", "found"),
    [
        ('"*/template.yaml"', ["ingest"]),
        ('"*/*.json"', ["queue"]),
        ('"services/*"', ["services/orders", "services/tax"]),
        ('"**/cdk.json"', ["services/tax"]),
        ('"services/**"', ["services/orders", "services/tax"]),
        ('"**/template.yaml"', ["ingest", "services/orders"]),
        ('"ingest", "./queue/"', ["ingest", "queue"]),
        ('"services/*/src"', []),
        ('"docs/*"', []),
    ],
)
def test_globs_name_folders_or_files(globs: str, found: list[str], existing: Existing) -> None:
    """At any depth; a folder in which nothing is that could be deployed is passed over."""
    existing.write("ingest/template.yaml", "queue/template.json", "services/orders/template.yaml")
    existing.write("services/tax/cdk.json", "services/README.md", "services/orders/src/template.md", "docs/a/index.md")
    existing.write("services/tax/node_modules/x/template.yaml", ".aws-sam/build/template.yaml")
    catalog = existing.catalog(f"units = [{globs}]")
    assert sorted(folders(catalog).values()) == found
    assert not catalog.problems


def test_what_is_excluded_is_not_looked_into(existing: Existing) -> None:
    """Folders, files and globs of them."""
    existing.write("a/template.yaml", "b/c/template.yaml", "old/x/template.yaml", "d/fixtures/template.yaml")
    catalog = existing.catalog('units = ["**/template.yaml"]\nexclude = ["old", "**/fixtures", "b/*/template.yaml"]')
    assert folders(catalog) == {"a": "a"}


def test_a_deep_glob_asks_only_where_it_may_match(existing: Existing) -> None:
    """For folders below the part that is fixed, and each once."""
    existing.write("services/a/template.yaml", "elsewhere/deep/deeper/file", "services/a/node_modules/b/c/d")
    existing.catalog('units = ["services/**/template.yaml"]')
    host = Host(existing.folder)
    assert list(read_catalog(host, "main").units) == ["a"]
    assert sorted(host.asked) == ["", "services", "services/a"]


def test_a_unit_without_a_project_is_named_after_its_folder_and_dated_by_its_commit(existing: Existing) -> None:
    """A file that the glob names is its template."""
    existing.write("Bestellungen für 2024/stack.yml", "tools/pyproject.toml", text="[tool.black]\n")
    existing.write("tools/template.yml")
    catalog = existing.catalog('units = ["*/stack.yml", "tools"]')
    unit, tools = catalog.unit("bestellungen-fur-2024"), catalog.unit("tools")
    committed = catalog.commit.committed_at
    assert unit.settings.template == "stack.yml"
    assert unit.version == tools.version == f"{committed.year}.{committed.month}.{committed.day}"
    assert unit.plain
    assert tools.plain


def test_a_project_that_is_broken_is_no_unit_without_one(existing: Existing) -> None:
    """Its author meant it."""
    existing.write("a/pyproject.toml", text='[project]\nname = "a"\n')
    existing.write("b/pyproject.toml", text='[tool.poetry]\nname = "b"\n')
    existing.write("a/template.yaml", "b/template.yaml")
    problems = existing.catalog('units = ["*"]').problems
    assert [str(problem) for problem in problems.values()] == [
        "a/pyproject.toml: project.version is missing: give the unit a version, for example version = '0.1.0'.",
        (
            "b/pyproject.toml: this is a project of Poetry 1, without [project], and tool.poetry.version is missing: "
            "write version = '0.1.0'; or package-mode = false where its code is not a package."
        ),
    ]


def test_folders_are_not_edited_for_settings(existing: Existing) -> None:
    """They are in the repository's own file, and a mistake in them is one of their unit alone."""
    existing.write("a/template.yaml", "b/template.yaml", "c/template.yaml", "shared/tax.py")
    existing.write("c/pyproject.toml", text=f'{PROJECT}[tool.orchestrator]\nenvironments = ["dev"]\n')
    catalog = existing.catalog(
        'units = ["*"]',
        '[unit.a]\nname = "invoices"\ndepends_on = ["shared"]\nparameters.dev = { Level = "INFO" }\n'
        '[unit."./b/"]\ncolour = "red"\n'
        '[unit.c]\nenvironments = ["dev"]\n'
        "[unit.nothing]\n",
    )
    assert folders(catalog) == {"invoices": "a"}
    assert catalog.unit("invoices").parameters("dev") == {"Level": "INFO"}
    assert [one.path for one in catalog.inputs["invoices"]] == ["a", "shared"]
    said = {folder: str(problem) for folder, problem in catalog.problems.items()}
    assert said["b"].startswith('orchestrator.toml: unit."b".colour is not a known key; valid are name, library')
    assert 'unit."c".environments is set in c/pyproject.toml, too' in said["c"]
    assert '[unit."nothing"] is of no unit' in said["nothing"]


@pytest.mark.parametrize(
    ("change", "digests"),
    [
        ('parameters.dev = { Level = "DEBUG" }', 2),
        ('smoke_tests = [{ url = "Url" }]', 2),
        ("requires_approval = []", 1),
    ],
)
def test_settings_make_another_release_only_when_a_release_holds_them(
    change: str, digests: int, existing: Existing
) -> None:
    """All else is the state machine's."""
    existing.write("a/template.yaml")
    before = existing.catalog('units = ["*"]').digest("a")
    after = existing.catalog('units = ["*"]', f"[unit.a]\n{change}\n").digest("a")
    assert len({before, after}) == digests


def test_two_units_of_one_name_are_refused_until_one_is_given_another(existing: Existing) -> None:
    """The message says what to write; a unit that has its name by itself keeps it."""
    existing.write("team a/api/template.yaml", "b/api/template.yaml")
    globs = 'units = ["*/api"]'
    refused = existing.catalog(globs)
    assert not refused.units
    said = str(refused.problems["team a/api"])
    assert """write [unit."team a/api"] into orchestrator.toml, with a name such as name = 'team-a-api'""" in said
    named = existing.catalog(globs, '[unit."team a/api"]\nname = "team-a-api"\n')
    assert folders(named) == {"api": "b/api", "team-a-api": "team a/api"}


def test_a_name_that_was_given_wins_over_one_that_was_derived(existing: Existing) -> None:
    """A new folder does not take the name of a unit that has it."""
    existing.write("a/api/template.yaml", "b/template.yaml")
    catalog = existing.catalog('units = ["*/api", "b"]', '[unit.b]\nname = "api"\n')
    assert folders(catalog) == {"api": "b"}
    assert list(catalog.problems) == ["a/api"]


@pytest.mark.parametrize(
    ("tables", "refused"),
    [
        ('[unit.a]\nstack_name = "app-x"\n[unit.b]\nstack_name.dev = "app-x"\n', ["a", "b"]),
        ('[unit.a]\nstack_name = "app-b"\n', ["a"]),
        ('[unit.a]\nstack_name = "app-x"\n', []),
        ('[unit.a]\nstack_name = "app-b"\n[unit.b]\nstack_name = "app-a"\n', []),
        ('[unit.a]\nstack_name = "app-x"\n[unit.b]\nenvironments = []\nstack_name = "app-x"\n', []),
    ],
)
def test_units_that_would_overwrite_each_others_stacks_are_refused(
    tables: str, refused: list[str], existing: Existing
) -> None:
    """The one that is called as its unit stays; what goes nowhere is in nobody's way."""
    existing.write("a/template.yaml", "b/template.yaml")
    catalog = existing.catalog('units = ["*/template.yaml"]', tables)
    assert sorted(catalog.problems) == refused
    for problem in catalog.problems.values():
        assert "would overwrite the other. Give one of them another stack: stack_name.dev" in str(problem)


def test_environments_in_one_account_have_stacks_of_their_own(existing: Existing) -> None:
    """A unit that is called as another one's stack there, and one that names the same for both, are refused."""
    existing.write("a/template.yaml", "a-b/template.yaml", "c/template.yaml", "d/template.yaml")
    both = '\n[[environments]]\nname = "b"\naccount = "222222222222"\nregion = "eu-west-1"\nstack_suffix = "-b"\n'
    catalog = existing.catalog('units = ["*/template.yaml"]', f'{both}[unit.c]\nstack_name = "app-x"\n')
    assert sorted(catalog.problems) == ["a", "a-b", "c"]
    assert "the stack app-a-b of 222222222222/eu-west-1 in b, and so would the unit a-b" in str(catalog.problems["a"])
    assert "and so would it in b: one would overwrite the other" in str(catalog.problems["c"])
    assert [catalog.unit("d").stack_name(one, catalog.organization) for one in ("dev", "b")] == ["app-d", "app-d-b"]


def test_a_unit_within_a_unit_is_refused_and_the_outer_one_stays(existing: Existing) -> None:
    """Until it is excluded."""
    existing.write("a/template.yaml", "a/tests/fixtures/template.yaml")
    globs = 'units = ["**/template.yaml"]'
    catalog = existing.catalog(globs)
    assert folders(catalog) == {"a": "a"}
    assert "lies within the unit a" in str(catalog.problems["a/tests/fixtures"])
    assert "add 'a/tests/fixtures' to 'exclude'" in str(catalog.problems["a/tests/fixtures"])
    assert not existing.catalog(f'{globs}\nexclude = ["a/tests/fixtures"]').problems


def test_a_unit_at_the_root_needs_a_name_and_leaves_other_units_out(existing: Existing) -> None:
    """And what is said of units: with that, every change of a setting would be one of it."""
    existing.write("template.yaml", "src/app.py", "services/a/template.yaml")
    globs = 'units = [".", "services/*"]'
    assert 'write [unit."."] with a name' in str(existing.catalog(globs).problems["."])
    catalog = existing.catalog(globs, '[unit."."]\nname = "monolith"\n')
    assert folders(catalog) == {"a": "services/a", "monolith": ""}
    assert [one.path for one in catalog.inputs["monolith"]] == ["orchestrator.toml", "src", "template.yaml"]
    existing.write("services/a/more.txt")
    changed = existing.catalog(globs, '[unit."."]\nname = "monolith"\nrequires_approval = []\n')
    assert changed.digest("monolith") == catalog.digest("monolith")
    assert changed.digest("a") != catalog.digest("a")


def test_submodules_and_links_to_folders_are_refused_by_name(existing: Existing) -> None:
    """What else a glob of folders meets, such as a README, is passed over."""
    existing.write("services/a/template.yaml", "services/README.md")
    (existing.folder / "services/alias").symlink_to("a")
    (existing.folder / "services/notes.md").symlink_to("README.md")
    (existing.folder / "services/outside").symlink_to("/etc")
    existing.git.commit("Begin")
    existing.git("update-index", "--add", "--cacheinfo", f"160000,{'c' * 40},services/vendored")
    (existing.folder / "services/vendored").mkdir()
    catalog = existing.catalog('units = ["services/*"]')
    assert folders(catalog) == {"a": "services/a"}
    said = {folder: str(problem) for folder, problem in catalog.problems.items()}
    assert said.keys() == {"services/alias", "services/vendored"}
    assert "is a symbolic link to a folder" in said["services/alias"]
    assert "is a submodule" in said["services/vendored"]


def test_a_path_that_is_no_utf8_is_refused_and_stops_nothing_else(existing: Existing) -> None:
    """Git takes any bytes."""
    folder = os.fsencode(existing.folder) + b"/caf\xe9"
    Path(os.fsdecode(folder)).mkdir()
    Path(os.fsdecode(folder + b"/template.yaml")).write_text("Resources: {}\n", encoding="utf-8")
    existing.write("a/template.yaml")
    catalog = existing.catalog('units = ["*"]')
    assert list(catalog.units) == ["a"]
    assert "is not UTF-8" in str(catalog.problems["caf\ufffd"])


def test_a_long_name_is_cut_the_same_way_every_time(existing: Existing) -> None:
    """The longest that a file system takes."""
    existing.write(f"{'a' * 200}/template.yaml")
    assert list(existing.catalog('units = ["*"]').units) == ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-c2a908d9"]
