"""The Glue job: reads a day's orders from a bucket, and writes the report into it."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3

from nightly_report.report import Order, make_report, read_order


def main() -> None:
    """Run as Glue starts it."""
    options = read_options()
    key = write_report(boto3.client("s3"), options.bucket, options.day, options.release)
    print(f"Release {options.release} wrote s3://{options.bucket}/{key}")


def read_options(arguments: Sequence[str] | None = None) -> Namespace:
    """Read the job's arguments; the day is yesterday when none is given."""
    # Abbreviations would catch Glue's own arguments, which stand among ours.
    parser = ArgumentParser(allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--release", required=True)
    parser.add_argument("--day", default=yesterday())
    return parser.parse_known_args(arguments)[0]


def yesterday() -> str:
    """The day that has ended last, in UTC."""
    # datetime.UTC is not in Python 3.9.
    return (datetime.now(timezone.utc) - timedelta(days=1)).date().isoformat()  # noqa: UP017


def write_report(s3: Any, bucket: str, day: str, release: str) -> str:
    """Write the report of a day, again if need be, and return its key."""
    key = f"reports/{day}.json"
    report = json.dumps({**make_report(day, orders_of(s3, bucket, day)), "release": release}, indent=2)
    s3.put_object(Bucket=bucket, Key=key, Body=report.encode(), ContentType="application/json")
    return key


def orders_of(s3: Any, bucket: str, day: str) -> Iterator[Order]:
    """The orders of a day, an object each."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"orders/{day}/"):
        for found in page.get("Contents", ()):
            yield read_order(json.load(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"]))
