"""What type checks read of CDK: modules that are skipped would pass without a check, and without a word."""

import ast
import tomllib
from pathlib import Path


def test_every_module_of_cdk_that_is_imported_is_read_by_type_checks() -> None:
    """And no other one, for each takes its time."""
    overrides = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    (listed,) = (one["module"] for one in overrides if one.get("follow_imports") == "normal")
    nodes = [node for file in Path("infra").rglob("*.py") for node in ast.walk(ast.parse(file.read_text()))]
    from_cdk = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "aws_cdk"]
    imported = {f"aws_cdk.{alias.name}" for node in from_cdk for alias in node.names if alias.name.startswith("aws_")}
    deeper = {
        node.module for node in nodes if isinstance(node, ast.ImportFrom) and str(node.module).startswith("aws_cdk.")
    }
    assert set(listed) == {"aws_cdk"} | imported | deeper
