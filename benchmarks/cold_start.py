"""How long each handler's first import takes, beside the least that a Lambda which talks to AWS needs.

`python -m benchmarks.cold_start` unpacks the bundle of the Lambdas for this machine's own Python, and prints medians of
five new processes each: `import boto3` and a client, then each handler in the bundle, with its bytecode and without.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from orchestrator.bootstrap.bundle import make_bundle
from orchestrator.build.archive import unpack
from orchestrator.config.organization import Lambda

_RUNS = 5
_BARE = "import boto3; boto3.client('sts', region_name='eu-west-1')"


def main() -> None:
    """Measure and print."""
    boto3 = find_spec("boto3")
    if boto3 is None or boto3.origin is None:
        raise ModuleNotFoundError("boto3")
    site = Path(boto3.origin).parents[1]
    with tempfile.TemporaryDirectory(prefix="orchestrator-cold-") as scratch:
        zipped = Path(scratch, "bundle.zip")
        make_bundle(Lambda(python=f"3.{sys.version_info.minor}"), zipped)
        bundle = unpack(zipped, Path(scratch, "bundle"))
        bare = _median(bundle, site, _BARE)
        print(f"bundle: {zipped.stat().st_size / 1e6:.1f} MB; import boto3 and a client: {bare * 1000:.0f} ms")
        handlers = sorted(path.stem for path in bundle.glob("lambdas/*.py") if path.stem not in ("__init__", "edge"))
        _measure("with bytecode", handlers, bundle, site, bare)
        for path in bundle.rglob("*.pyc"):
            path.unlink()
        _measure("without", handlers, bundle, site, bare)


def _measure(how: str, handlers: list[str], bundle: Path, site: Path, bare: float) -> None:
    for name in handlers:
        seconds = _median(bundle, site, f"import lambdas.{name}")
        print(f"{name}, {how}: {seconds * 1000:.0f} ms, {seconds / bare:.2f} times", flush=True)


def _median(bundle: Path, site: Path, code: str) -> float:
    """Seconds of a new process that finds the bundle first, as in Lambda, and writes no bytecode."""
    environment = {"PYTHONPATH": f"{bundle}:{site}", "AWS_DEFAULT_REGION": "eu-west-1"}
    seconds = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-S", "-B", "-c", code], env=environment, cwd=bundle, check=True)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
