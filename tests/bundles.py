"""Bundles of the orchestrator's code for this machine, each put together once for all workers."""

import platform
import sys
from pathlib import Path

from orchestrator.bootstrap.bundle import make_builder, make_bundle
from orchestrator.config.organization import Lambda
from tests.shared_folder import once

THIS_MACHINE = Lambda(
    python=f"3.{sys.version_info.minor}",
    architecture="arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
)


def bundle_of_lambdas(shared: Path) -> Path:
    """The Lambdas' code.

    Args:
        shared: the folder of all workers.
    """
    return once(shared, "bundle.zip", lambda file: make_bundle(THIS_MACHINE, file))


def bundle_of_builds(shared: Path) -> Path:
    """The code of builds on CodeBuild; the argument is that of `bundle_of_lambdas`."""
    return once(shared, "builder.zip", lambda file: make_builder(THIS_MACHINE, file))
