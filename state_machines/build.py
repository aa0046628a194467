"""The states that build a release: a task for workers of an activity, or a CodeBuild build that is waited for.

Prepare build -> Build. The first makes the secret that the build publishes with, and looks up the hosts that the
guardrails open. A try that Build makes again has the same secret, which counts once for each try: `begin_publish` reads
in the history which one it is.
"""

from orchestrator.config.infrastructure import BUILD_PROJECT
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.publication.attempt import BUILD
from orchestrator.steps import build_request
from state_machines.states import EXECUTION, State, States, retry, task

PREPARE = "Prepare build"

# How long a build may take to begin where a worker took it, in seconds.
_START_SECONDS = 600
# A worker's poll for tasks lasts up to 60 seconds, and one that was stopped may leave a poll behind: a task that it
# hands back must not be given to that poll, where nobody would carry it out. In seconds.
_HANDED_BACK_SECONDS = 65
# How long CodeBuild lets a build wait for its turn, unless a project says otherwise.
_QUEUED_SECONDS = 8 * 3600
# What CodeBuild itself may answer now and then. A build that ran and failed is States.TaskFailed, which trying again
# does not help.
_CODEBUILD_TRANSIENT = ["CodeBuild.CodeBuildException", "CodeBuild.SdkClientException"]
# More builds run and wait than the account may have: tried again for a day, every ten minutes or less.
_CODEBUILD_FULL = {
    "ErrorEquals": ["CodeBuild.AccountLimitExceededException"],
    "IntervalSeconds": 30,
    "MaxAttempts": 300,
    "BackoffRate": 1.5,
    "MaxDelaySeconds": 600,
    "JitterStrategy": "FULL",
}


def build_states(unit: Unit, organization: Organization, then: str) -> States:
    """The states, for the runner that the organization has chosen; their result is in the ledger, not in the document.

    Args:
        unit: what is built.
        organization: says who builds, and for how long.
        then: the name of the state that follows.
    """
    is_codebuild = organization.build.runner == "codebuild"
    work = _codebuild(unit) if is_codebuild else _activity(unit, organization)
    # The time that a task waits for a worker of an activity does not count.
    waiting = _QUEUED_SECONDS if is_codebuild else _START_SECONDS
    build = {
        "Type": "Task",
        **work,
        # The build ends itself in time and says why: this is for the one that cannot.
        "TimeoutSeconds": organization.build.timeout_minutes * 60 + waiting,
        "ResultPath": None,
        "Next": then,
    }
    prepare = task(organization.function_arn("prepare_build"), {"unit": unit.name, "execution": EXECUTION}, then=BUILD)
    return {PREPARE: prepare, BUILD: build}


def _activity(unit: Unit, organization: Organization) -> State:
    return {
        "Resource": organization.build_activity_arn,
        "Parameters": {
            "unit": unit.name,
            "request.$": "$$.Execution.Input",
            "execution": EXECUTION,
            "nonce.$": "$.nonce",
            "network.$": "$.network",
        },
        # A worker reports every 20 seconds that it is alive; nobody's build is lost for longer than this.
        "HeartbeatSeconds": 300,
        # A worker that is stopped hands back what it had not begun; one that was killed says nothing.
        "Retry": [
            {
                "ErrorEquals": [build_request.HANDED_BACK],
                "IntervalSeconds": _HANDED_BACK_SECONDS,
                "MaxAttempts": 5,
                "BackoffRate": 1.0,
            },
            {"ErrorEquals": ["States.HeartbeatTimeout"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1.0},
        ],
    }


def _codebuild(unit: Unit) -> State:
    values = {
        build_request.UNIT: {"Value": unit.name},
        build_request.REQUEST: {"Value.$": "States.JsonToString($$.Execution.Input)"},
        build_request.EXECUTION_ID: {"Value.$": "$$.Execution.Id"},
        build_request.EXECUTION_NAME: {"Value.$": "$$.Execution.Name"},
        build_request.STARTED_AT: {"Value.$": "$$.Execution.StartTime"},
        build_request.NONCE: {"Value.$": "$.nonce"},
        build_request.NETWORK: {"Value.$": "States.JsonToString($.network)"},
    }
    variables = [{"Name": name, "Type": "PLAINTEXT", **value} for name, value in values.items()]
    return {
        "Resource": "arn:aws:states:::codebuild:startBuild.sync",
        "Parameters": {"ProjectName": BUILD_PROJECT, "EnvironmentVariablesOverride": variables},
        "Retry": [*retry(_CODEBUILD_TRANSIENT), _CODEBUILD_FULL],
    }
