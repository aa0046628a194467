"""Source files of units by language, as much of each as there usually is."""

import json
from collections.abc import Iterator, Mapping

File = tuple[str, str]


def _python(name: str) -> str:
    lines = "".join(f"    total += event.get('value_{number}', {number})\n" for number in range(30))
    return (
        f'"""Handles {name}."""\n\nimport json\nimport os\n\n\ndef handle(event, context):\n    total = 0\n{lines}'
        "    return {'statusCode': 200, 'body': json.dumps({'total': total, 'stage': os.environ['STAGE']})}\n"
    )


def _node(name: str) -> str:
    lines = "".join(f"  total += event.value_{number} ?? {number};\n" for number in range(30))
    return (
        f"// Handles {name}.\nexport const handle = async (event) => {{\n  let total = 0;\n{lines}  return total;\n"
        "};\n"
    )


def _java(name: str) -> str:
    lines = "".join(f"        total += {number};\n" for number in range(30))
    return (
        f"package com.acme;\n\npublic class {name} {{\n    public int handle(int total) {{\n{lines}"
        "        return total;\n    }\n}\n"
    )


_PYTHON = {
    "src/app.py": _python("requests"),
    **{f"src/handlers/{name}.py": _python(name) for name in ("create", "change", "remove")},
    **{f"src/common/{name}.py": _python(name) for name in ("model", "store", "rules")},
    **{f"tests/unit/test_{name}.py": _python(name) for name in ("create", "change")},
}
_ANY_DEPTH = "src/main/java/com/acme"
SOURCES: Mapping[str, Mapping[str, str]] = {
    "python": _PYTHON,
    "cdk": {
        "app.py": "import aws_cdk as cdk\n\napp = cdk.App()\ncdk.Stack(app, 'Orders')\napp.synth()\n",
        **{f"stacks/{name}.py": _python(name) for name in ("api", "data", "alarms", "network")},
        "requirements-cdk.txt": "aws-cdk-lib>=2.240\nconstructs>=10.4\n",
        "cdk.context.json": "{}\n",
    },
    "node": {
        "src/app.mjs": _node("requests"),
        **{f"src/handlers/{name}.mjs": _node(name) for name in ("create", "change", "remove")},
        **{f"src/common/{name}.mjs": _node(name) for name in ("model", "store", "rules")},
        **{f"tests/{name}.test.mjs": _node(name) for name in ("create", "change")},
    },
    "java": {
        **{
            f"{_ANY_DEPTH}/{name}.java": _java(name) for name in ("App", "Create", "Change", "Remove", "Store", "Rules")
        },
        "src/test/java/com/acme/AppTest.java": _java("AppTest"),
    },
    "go": {
        "main.go": "package main\n\nfunc main() {}\n",
        **{f"internal/{name}/{name}.go": f"package {name}\n" for name in ("create", "change", "remove", "store")},
        "go.sum": "github.com/aws/aws-lambda-go v1.49.0 h1:abc=\n",
    },
}


def project_file(language: str, name: str, libraries: list[str], *, is_project: bool) -> Iterator[File]:
    """What the language's own tools read; a `package.json` also lets tools for Node.js find the unit."""
    if language == "python" and is_project:
        yield "pyproject.toml", _PYPROJECT.format(name=name, libraries=json.dumps(libraries))
    elif language == "python":
        yield "requirements.txt", "requests>=2.32\npydantic>=2.10\naws-lambda-powertools>=3\n"
    elif language == "java":
        yield "pom.xml", f"<project><groupId>com.acme</groupId><artifactId>{name}</artifactId></project>\n"
    elif language == "go":
        yield "go.mod", f"module acme.com/{name}\n\ngo 1.24\n"
    package = {"name": name, "version": "1.0.0", "scripts": {"build": "true"}}
    shared = [f"acme-{one.rpartition('/')[2]}" for one in libraries]
    yield "package.json", json.dumps({**package, "dependencies": dict.fromkeys(shared, "1.0.0")}, indent=2)


_PYPROJECT = """[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.4.2"
requires-python = ">=3.11"
dependencies = [
    "requests>=2.32",
    "pydantic>=2.10",
    "aws-lambda-powertools>=3",
]

[tool.hatch.build.targets.wheel]
packages = ["src/handlers", "src/common"]

[tool.orchestrator]
depends_on = {libraries}

[tool.ruff]
line-length = 120
"""
