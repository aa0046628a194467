"""How long each handler's first import takes, beside the least that a Lambda which talks to AWS needs.

`python -m benchmarks.cold_start` unpacks the bundle of the Lambdas for this machine's own Python. New processes import
boto3 and make a client, and import each handler of the bundle, with its bytecode and without: in turns, so that none
has the machine when it is quieter. Printed are medians of five, and how many times as long as the first each one takes.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from benchmarks.timing import Taken, taken
from orchestrator.bootstrap.bundle import make_bundle
from orchestrator.build.archive import unpack
from orchestrator.config.organization import Lambda

_ROUNDS = 5
_BARE = "import boto3; boto3.client('sts', region_name='eu-west-1')"


def main() -> None:
    """Measure and print."""
    boto3 = find_spec("boto3")
    if boto3 is None or boto3.origin is None:
        raise ModuleNotFoundError("boto3")
    site = Path(boto3.origin).parents[1]
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}; load {load}")
    with tempfile.TemporaryDirectory(prefix="orchestrator-cold-") as scratch:
        zipped = Path(scratch, "bundle.zip")
        make_bundle(Lambda(python=f"3.{sys.version_info.minor}"), zipped)
        bundle = unpack(zipped, Path(scratch, "bundle"))
        print(f"bundle: {zipped.stat().st_size / 1e6:.1f} MB")
        _measure("with bytecode", bundle, site)
        for path in bundle.rglob("*.pyc"):
            path.unlink()
        _measure("without", bundle, site)


def _measure(how: str, bundle: Path, site: Path) -> None:
    handlers = sorted(path.stem for path in bundle.glob("lambdas/*.py") if path.stem not in ("__init__", "edge"))
    codes = {"boto3 and a client": _BARE, **{name: f"import lambdas.{name}" for name in handlers}}
    rounds = [{name: _once(bundle, site, code) for name, code in codes.items()} for _ in range(_ROUNDS)]
    medians = {
        name: Taken(
            statistics.median(one[name].wall for one in rounds),
            statistics.median(one[name].processor for one in rounds),
        )
        for name in codes
    }
    bare = medians["boto3 and a client"]
    for name, one in medians.items():
        times = f"{one.wall / bare.wall:.2f} times; {one.processor / bare.processor:.2f} by the processor"
        print(f"{name}, {how}: {one}; {times}", flush=True)


def _once(bundle: Path, site: Path, code: str) -> Taken:
    """A new process that finds the bundle first, as in Lambda, and writes no bytecode."""
    environment = {"PYTHONPATH": f"{bundle}:{site}", "AWS_DEFAULT_REGION": "eu-west-1"}
    command = [sys.executable, "-S", "-B", "-c", code]
    return taken(lambda: subprocess.run(command, env=environment, cwd=bundle, check=True), 1)


if __name__ == "__main__":
    main()
