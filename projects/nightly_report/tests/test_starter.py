import pytest
from nightly_report.job import yesterday
from nightly_report.starter import OtherWheel, deployed, start

SCRIPT = "s3://artifacts/projects/nightly_report/assets/0123.py"
WHEEL = "s3://artifacts/projects/nightly_report/lambda/source/0.1.0/nightly_report-0.1.0-py3-none-any.whl"
JOB = {
    "Name": "report",
    "Command": {"Name": "pythonshell", "ScriptLocation": SCRIPT},
    "DefaultArguments": {"--extra-py-files": WHEEL, "--release": "0.1.0"},
}


@pytest.fixture
def glue(stubbed):
    """A Glue that knows the job."""
    client, stubber = stubbed("glue")
    stubber.add_response("get_job", {"Job": JOB}, {"JobName": "report"})
    return client, stubber


def test_a_run_is_started_for_the_day_that_is_asked_for(glue):
    client, stubber = glue
    wanted = {"JobName": "report", "Arguments": {"--day": "2026-01-31"}}
    stubber.add_response("start_job_run", {"JobRunId": "jr_1"}, wanted)
    assert start({"day": "2026-01-31"}, client, "report", WHEEL) == {
        "day": "2026-01-31",
        "job": {"name": "report", "release": "0.1.0", "wheel": WHEEL, "script": SCRIPT},
        "run": "jr_1",
    }


def test_a_dry_run_shows_the_job_and_starts_nothing(glue):
    client, _ = glue
    answer = start({"dry_run": True}, client, "report", WHEEL)
    assert (answer["run"], answer["day"]) == (None, yesterday())


def test_a_job_with_another_wheel_is_refused(glue):
    client, _ = glue
    other = WHEEL.replace("0.1.0", "0.2.0")
    with pytest.raises(OtherWheel, match=rf"report takes its code from {WHEEL}, and should from {other}"):
        start({}, client, "report", other)


def test_a_day_that_is_none_is_refused_before_anything_is_done(stubbed):
    with pytest.raises(ValueError, match="Invalid isoformat string"):
        start({"day": "today"}, stubbed("glue")[0], "report", WHEEL)


def test_what_runs_where_is_the_wheels_version_beside_the_stacks(monkeypatch, tmp_path):
    metadata = tmp_path / "nightly_report-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.3\nName: nightly_report\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("VERSION", "0.1.0")
    monkeypatch.setenv("ENVIRONMENT", "prod")
    assert deployed() == {"version": "0.1.0", "stack_version": "0.1.0", "environment": "prod"}
