import io
import json

from botocore.response import StreamingBody
from botocore.stub import ANY
from nightly_report.job import read_options, write_report, yesterday


def body(document):
    content = json.dumps(document).encode()
    return {"Body": StreamingBody(io.BytesIO(content), len(content))}


def test_the_orders_of_the_day_become_a_report_in_the_same_bucket(stubbed):
    s3, stubber = stubbed("s3")
    key = "orders/2026-01-31/ORD-1.json"
    stubber.add_response(
        "list_objects_v2", {"Contents": [{"Key": key}]}, {"Bucket": "data", "Prefix": "orders/2026-01-31/"}
    )
    stubber.add_response(
        "get_object",
        body({"reference": "ORD-1", "currency": "EUR", "total": "24.70"}),
        {"Bucket": "data", "Key": key},
    )
    stubber.add_response(
        "put_object",
        {},
        {"Bucket": "data", "Key": "reports/2026-01-31.json", "Body": ANY, "ContentType": "application/json"},
    )
    assert write_report(s3, "data", "2026-01-31", "0.1.0") == "reports/2026-01-31.json"


def test_glues_own_arguments_are_left_alone():
    options = read_options(
        ["--extra-py-files", "s3://a/b.whl", "--bucket", "data", "--day", "2026-01-31", "--release", "1"]
    )
    assert (options.bucket, options.day, options.release) == ("data", "2026-01-31", "1")


def test_the_day_is_yesterday_when_none_is_given():
    assert read_options(["--bucket", "data", "--release", "1"]).day == yesterday()
