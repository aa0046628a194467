"""Runs aws-lambda-builders, as a script, in an interpreter that has nothing of ours.

Its arguments: a JSON object with the capability and what is built, and the folder that the library lies in.
"""

import importlib
import json
import logging
import sys
from collections.abc import Mapping
from typing import Any


def main(wanted: Mapping[str, Any], library: str) -> int:
    """Build; returns the exit code."""
    sys.path.insert(0, library)
    # Maven tells its errors where the library takes them for details.
    level = logging.DEBUG if wanted["capability"]["language"] == "java" else logging.INFO
    logging.basicConfig(stream=sys.stdout, level=level, format="%(message)s")
    builder = importlib.import_module("aws_lambda_builders.builder")
    failed = importlib.import_module("aws_lambda_builders.exceptions").LambdaBuilderError
    try:
        builder.LambdaBuilder(**wanted["capability"]).build(**wanted["build"])
    except failed as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), sys.argv[2]))
