"""Whatever a repository holds, what `init` writes for it loads, and finds what it says that it finds."""

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.adoption.draft import draft
from orchestrator.config.load import load_organization
from orchestrator.config.told import ROOT
from orchestrator.source.catalog import read_catalog
from orchestrator.source.repository import Mode
from tests.tree_repository import Files, TreeRepository
from tests.unit.adoption.test_draft import ACCOUNTS, PLAIN, SAM, SAMCONFIG

_STRANGE = [
    *(
        "train",
        "Train",
        "unit-train",
        "promote",
        "promote-x",
        "approve",
        "a-approve-b",
        "tax-2024",
        "Tax 2024",
        "tax_2024",
        "2024",
        "größe",
        "カタログ",
        "🚀",
        "---",
    ),
    *("a" * 200, "a [old]", "[a]", "x*", "**", "a'b", 'a"b', "a\\b", "b\tc", "new\nline", "#x", "{y}", "!z", "a=b"),
    *("\x7f", "\u0085", "\u2028", "node_modules", ".hidden", "projects", "tests", "CON", "a.b", " ", "..x", "a.yaml"),
]
_NAMES = st.sampled_from(_STRANGE) | st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
_PROJECT = '[project]\nname = "{name}"\nversion = "1.0"\n'
_NODE = SAM.replace("python3.12", "nodejs22.x")
_FILES = st.sampled_from(
    [
        ("template.yaml", Mode.FILE, PLAIN),
        ("template.yaml", Mode.FILE, SAM),
        ("template.yaml", Mode.FILE, _NODE),
        ("template.yaml", Mode.FILE, "Resources: ["),
        ("stack.yml", Mode.FILE, PLAIN),
        ("a [b]*.yaml", Mode.FILE, PLAIN),
        ("cdk.json", Mode.FILE, '{"app": "python3 app.py"}'),
        ("cdk.json", Mode.FILE, '{"app": "npx ts-node app.ts"}'),
        ("samconfig.toml", Mode.FILE, SAMCONFIG),
        ("pyproject.toml", Mode.FILE, _PROJECT.format(name="train")),
        ("pyproject.toml", Mode.FILE, _PROJECT.format(name="Acme.Orders")),
        ("pyproject.toml", Mode.FILE, "[project]\nname = 3\n"),
        ("pyproject.toml", Mode.FILE, "[tool.orchestrator]\nlibrary = true\n"),
        ("src/app.py", Mode.FILE, "def handle(event, context): ...\n"),
        ("elsewhere", Mode.LINK, "src"),
        ("vendored", Mode.SUBMODULE, "1" * 40),
    ]
)
_FOLDERS = st.tuples(st.lists(_NAMES, max_size=3), st.lists(_FILES, min_size=1, max_size=4))


def _files(folders: list[tuple[list[str], list[tuple[str, Mode, str]]]]) -> Files:
    """All files, but for those that would lie below another one."""
    found: dict[str, tuple[Mode, str]] = {}
    for parts, files in folders:
        found |= {"/".join([*parts, name]): (mode, text) for name, mode, text in files}
    above = {"/".join(path.split("/")[:length]) for path in found for length in range(1, path.count("/") + 1)}
    return {path: file for path, file in found.items() if path not in above}


@given(st.lists(_FOLDERS, max_size=8), _NAMES)
@example([(["train"], [("template.yaml", Mode.FILE, PLAIN)])], "train")
@example([([one], [("template.yaml", Mode.FILE, PLAIN)]) for one in ("train", "unit-train", "Train")], "train")
@example([(["a", one], [("template.yaml", Mode.FILE, PLAIN)]) for one in _STRANGE], "train")
@example(
    [(["a", "[b]"], [("template.yaml", Mode.FILE, _NODE)])]
    + [(["a", one], [("template.yaml", Mode.FILE, PLAIN)]) for one in "cd"],
    "train",
)
def test_what_init_writes_loads_and_finds_what_it_says(
    folders: list[tuple[list[str], list[tuple[str, Mode, str]]]], title: str
) -> None:
    """Each unit that it names, and no other; nothing that it finds has a problem."""
    files = _files(folders)
    repository = TreeRepository({"before": files})
    made = draft(repository, repository.commit("before"), ACCOUNTS, title)
    load_organization(made.text)
    after = TreeRepository({"after": {**files, "orchestrator.toml": (Mode.FILE, made.text)}})
    catalog = read_catalog(after, "after")
    assert not catalog.problems
    assert {unit.folder: unit.name for unit in catalog.units.values()} == made.units
    assert not {folder or ROOT for folder in made.units} & made.left_out.sentences.keys()
