"""The Lambda: starts the report of a day, or shows what it would start."""

from __future__ import annotations

import os
from datetime import date
from importlib.metadata import version
from typing import Any

import boto3

from nightly_report.job import yesterday


class OtherWheel(RuntimeError):
    """The job would run other code than this release's: somebody changed it by hand, or a deployment is under way."""

    def __init__(self, job_name: str, found: str | None, expected: str) -> None:
        super().__init__(f"{job_name} takes its code from {found}, and should from {expected}: deploy the stack again.")


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Start a report: of `{"day": "2026-01-31"}` or of yesterday, and none when it is `{"dry_run": true}`."""
    return {**start(event, boto3.client("glue"), os.environ["JOB_NAME"], os.environ["WHEEL"]), **deployed()}


def start(event: dict[str, Any], glue: Any, job_name: str, wheel: str) -> dict[str, Any]:
    """Check the job, and start a run unless it is a dry run.

    Raises:
        OtherWheel: the job does not take its code from the wheel.
        ValueError: the day is not a date.
    """
    day = date.fromisoformat(event.get("day", yesterday())).isoformat()
    job = glue.get_job(JobName=job_name)["Job"]
    found = job["DefaultArguments"].get("--extra-py-files")
    if found != wheel:
        raise OtherWheel(job_name, found, wheel)
    run = None if event.get("dry_run") else _start_run(glue, job_name, day)
    return {"day": day, "job": _describe(job), "run": run}


def deployed() -> dict[str, str]:
    """What runs where: the version of this code, and what the stack was told to deploy."""
    return {
        "version": version("nightly_report"),
        "stack_version": os.environ["VERSION"],
        "environment": os.environ["ENVIRONMENT"],
    }


def _describe(job: dict[str, Any]) -> dict[str, str]:
    arguments = job["DefaultArguments"]
    return {
        "name": job["Name"],
        "release": arguments["--release"],
        "wheel": arguments["--extra-py-files"],
        "script": job["Command"]["ScriptLocation"],
    }


def _start_run(glue: Any, job_name: str, day: str) -> str:
    return glue.start_job_run(JobName=job_name, Arguments={"--day": day})["JobRunId"]
