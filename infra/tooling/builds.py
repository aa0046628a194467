"""The CodeBuild project that builds all units, made only when the organization builds on CodeBuild.

Its source is the builder's bundle: the orchestrator with its libraries and uv, for the image's platform. CodeBuild
unpacks it, so a build installs nothing before it begins, and what it runs is what bootstrap uploaded: in a virtual
environment, which sees no library of the image.
"""

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.tooling.names import BUILD_LOG_GROUP, Names
from infra.tooling.roles import build_releases, role, service
from infra.tooling.source import source_settings
from infra.tooling.statements import Statements, allow
from orchestrator.config.infrastructure import BUILD_PROJECT, CODEBUILD_ROLE, LEDGER_TABLE
from orchestrator.config.organization import Lambda, Organization

# CodeBuild takes no shorter time limit.
_SHORTEST_MINUTES = 5
# The build ends itself in time, and says why; this is for the one that cannot.
_GRACE_MINUTES = 5


def build_project(scope: Construct, names: Names, bundle_key: str) -> None:
    """Make the project, its role and its log group.

    Args:
        scope: the tooling stack.
        names: what its permissions are limited to.
        bundle_key: key of the builder's bundle.
    """
    organization = names.organization
    bucket = s3.Bucket.from_bucket_name(scope, "Builder", organization.tooling.bucket)
    log_group = logs.LogGroup(
        scope,
        "BuildLogs",
        log_group_name=BUILD_LOG_GROUP,
        retention=logs.RetentionDays.THREE_MONTHS,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    principal = service("codebuild.amazonaws.com", organization.tooling.account)
    made = role(scope, CODEBUILD_ROLE, principal, _permissions(names), "What builds on CodeBuild work with")
    codebuild.Project(
        scope,
        "Build",
        project_name=BUILD_PROJECT,
        description="Promotion orchestrator: builds the releases of all units",
        source=codebuild.Source.s3(bucket=bucket, path=bundle_key),
        environment=codebuild.BuildEnvironment(
            build_image=_image(organization.lambda_),
            compute_type=codebuild.ComputeType.MEDIUM,
            # Else no container may make the network namespaces that opened hosts are reached from.
            privileged=bool(organization.build.network),
            environment_variables={
                name: codebuild.BuildEnvironmentVariable(value=value) for name, value in _settings(organization).items()
            },
        ),
        build_spec=codebuild.BuildSpec.from_object_to_yaml(build_spec(organization.lambda_)),
        # The role is complete as it is: what CDK would add by itself is less exact.
        role=made.without_policy_updates(),
        timeout=cdk.Duration.minutes(max(_SHORTEST_MINUTES, organization.build.timeout_minutes + _GRACE_MINUTES)),
        logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log_group)),
        grant_report_group_permissions=False,
    )


def build_spec(platform: Lambda) -> dict[str, object]:
    """What CodeBuild runs, in the folder that the bundle was unpacked to."""
    return {
        "version": "0.2",
        "phases": {
            # The Python of the Lambda runtime: it is what the bundle's libraries were compiled for.
            "install": {
                "runtime-versions": {"python": platform.python},
                "commands": [
                    # Units' code is another user, who must get to the interpreter and to these files. There is nothing
                    # else in this container, which is thrown away.
                    "chmod -R a+rX .",
                    'at=$PWD; while [ "$at" != / ]; do chmod a+x "$at"; at=$(dirname "$at"); done',
                    "chmod a+x /root",
                ],
            },
            "build": {
                "commands": [
                    # Whether an unpacked file is a program is not promised.
                    "chmod +x bin/uv",
                    # The bundle is all of a virtual environment but this.
                    "python3 -m venv --without-pip .",
                    "bin/python -m orchestrator.cli.main build-task",
                ]
            },
        },
    }


def _permissions(names: Names) -> Statements:
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [names.build_log_group]),
        allow(["s3:GetObject"], [names.objects("bundles/*")]),
        *build_releases(names),
    ]


def _settings(organization: Organization) -> dict[str, str]:
    values = {
        "ledger_table": LEDGER_TABLE,
        "bucket": organization.tooling.bucket,
        "begin_publish": organization.function_arn("begin_publish"),
        **source_settings(organization),
        "allow_unmerged": " ".join(organization.repository.allow_unmerged),
    }
    return {f"ORCHESTRATOR_{name.upper()}": value for name, value in values.items() if value}


def _image(platform: Lambda) -> codebuild.IBuildImage:
    if platform.architecture == "arm64":
        return codebuild.LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0
    return codebuild.LinuxBuildImage.AMAZON_LINUX_2023_5
