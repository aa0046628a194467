"""Files by which other tools than CloudFormation, SAM and the CDK know the projects that they deploy."""

from collections.abc import Iterable, Iterator

_FILES = {
    **dict.fromkeys(
        ("serverless.yml", "serverless.yaml", "serverless.json", "serverless.ts", "serverless.js"),
        "the Serverless Framework",
    ),
    ".chalice": "Chalice",
    **dict.fromkeys(("zappa_settings.json", "zappa_settings.toml", "zappa_settings.yml"), "Zappa"),
    **dict.fromkeys(("sst.config.ts", "sst.json"), "SST"),
    **dict.fromkeys(("Pulumi.yaml", "Pulumi.yml"), "Pulumi"),
    "cdktf.json": "CDK for Terraform",
    **dict.fromkeys(("app.arc", ".arc", "arc.json", "arc.yaml"), "Architect"),
}
_TERRAFORM = (".tf", ".tf.json")


def deployed_by(name: str) -> str | None:
    """The tool that a file or folder belongs to by its name; None when that is none of these."""
    return "Terraform" if name.endswith(_TERRAFORM) else _FILES.get(name)


def projects_of_tools(paths: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """The outermost folders that other tools deploy, each with the tool and the name of the file that tells it.

    Args:
        paths: of files and folders, from the repository's root.
    """
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(paths):
        folder, _, name = path.rpartition("/")
        if tool := deployed_by(name):
            found.setdefault(folder, (tool, name))
    for folder, (tool, name) in found.items():
        parts = folder.split("/") if folder else []
        around = ("/".join(parts[:length]) for length in range(len(parts)))
        if not any(outer in found for outer in around):
            yield folder, tool, name
