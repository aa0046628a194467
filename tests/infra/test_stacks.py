"""Which stacks there are, and what holds for all of them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from orchestrator.aws.template import INLINE_TEMPLATE_BYTES
from orchestrator.build.template import LARGEST_TEMPLATE
from orchestrator.config.organization import Organization
from orchestrator.config.stacks import stacked_targets

# One worker synthesizes for all of them.
Template = dict[str, Any]


def test_there_is_a_template_for_each_stack(templates: dict[str, Template]) -> None:
    """A target that two environments share has one."""
    assert sorted(templates) == [
        "orchestrator",
        "orchestrator-artifacts",
        "orchestrator-builds",
        "orchestrator-decisions",
        "orchestrator-guardrails",
        "orchestrator-target-111111111111-eu-west-1",
        "orchestrator-target-222222222222-eu-central-1",
        "orchestrator-target-222222222222-eu-west-1",
        "orchestrator-target-333333333333-eu-west-1",
        "orchestrator-train-gates",
        "orchestrator-trains",
    ]


def test_templates_deploy_without_cdk(templates: dict[str, Template]) -> None:
    """No `cdk bootstrap`, no assets, no custom resources, nothing that phones home."""
    for name, template in templates.items():
        kinds = {one["Type"] for one in template["Resources"].values()}
        assert not {kind for kind in kinds if kind.startswith(("Custom::", "AWS::CDK", "AWS::CloudFormation"))}, name
        assert set(template.get("Parameters", {})) <= {"BundleKey", "Administrators"}, name
        assert "Rules" not in template, name


def test_templates_fit_into_a_request_until_there_is_a_bucket(templates: dict[str, Template]) -> None:
    """Written as bootstrap does, which puts larger ones into the artifacts bucket."""
    sizes = {name: len(json.dumps(template, separators=(",", ":"))) for name, template in templates.items()}
    assert sizes["orchestrator-artifacts"] < INLINE_TEMPLATE_BYTES
    assert max(sizes.values()) < LARGEST_TEMPLATE


def test_cfn_lint_finds_no_fault(files: list[Path]) -> None:
    """W3005 is CDK's habit of naming dependencies that are there anyway."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--ignore-checks", "W3005", "--", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_target_whose_bucket_and_roles_are_there_already_has_no_stack() -> None:
    """The tooling account's own region, when another region of that account comes first."""
    organization = Organization.model_validate(
        {
            "tooling": {"account": "111111111111", "region": "eu-west-1"},
            "environments": [
                {
                    "name": "dev",
                    "targets": [
                        {"account": "111111111111", "region": "eu-central-1"},
                        {"account": "111111111111", "region": "eu-west-1"},
                    ],
                }
            ],
        }
    )
    assert [str(target) for target in stacked_targets(organization)] == ["111111111111/eu-central-1"]
