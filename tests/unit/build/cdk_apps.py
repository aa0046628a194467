"""Synthesizes many small CDK apps in one process, which starts the CDK once: that takes it seconds.

It reads a list from its standard input: of each app the Python source, and the region that it is synthesized for. The
cloud assemblies are put beside each other into the working folder, numbered from 0.
"""

import json
import os
import sys


def main() -> None:
    """Run them, one after another."""
    for number, (source, region) in enumerate(json.load(sys.stdin)):
        os.environ["CDK_DEFAULT_REGION"] = region
        # The CDK's own process does not see a variable that is set later.
        exec(source.replace("cdk.App()", f"cdk.App(outdir={str(number)!r})"), {})  # noqa: S102  # The tests' own apps.


if __name__ == "__main__":
    main()
