"""What the static infrastructure is called: stacks, roles, queues, functions and buckets."""

PROMOTION_ROLE = "orchestrator-promotion"
GATE_ROLE = "orchestrator-gate"
TRAIN_ROLE = "orchestrator-train"
UNIT_STACK_ROLE = "orchestrator-unit-stack"
BUILDER_ROLE = "orchestrator-builder"
PUBLISHER_ROLE = "orchestrator-publisher"
LEDGER_TABLE = "orchestrator-ledger"
GUARDRAILS_FILE = "orchestrator.guardrails.json"
GUARDRAILS_TABLE = "orchestrator-guardrails"
TOKENS_TABLE = "orchestrator-approval-tokens"
DEAD_LETTERS = "orchestrator-dead-letters"
STARTS = "orchestrator-starts.fifo"
DEAD_STARTS = "orchestrator-dead-starts.fifo"
APPROVALS_TOPIC = "orchestrator-approvals"
FAILURES_TOPIC = "orchestrator-failures"
WEBHOOK_URL = "WebhookUrl"
WEBHOOK_SECRET = "orchestrator/github-webhook"  # noqa: S105  # Its name.
BUILD_ACTIVITY = "orchestrator-build"
BUILD_PROJECT = "orchestrator-build"
CODEBUILD_ROLE = "orchestrator-codebuild"
ARTIFACTS_STACK = "orchestrator-artifacts"
ADMINISTRATORS_PARAMETER = "Administrators"
GUARDRAILS_STACK = "orchestrator-guardrails"
DECISIONS_STACK = "orchestrator-decisions"
TOOLING_STACK = "orchestrator"
BUILDS_STACK = "orchestrator-builds"
TRAINS_STACK = "orchestrator-trains"
TRAIN_GATES_STACK = "orchestrator-train-gates"
TARGET_STACK = "orchestrator-target"
OWN_STACKS = (
    ARTIFACTS_STACK,
    GUARDRAILS_STACK,
    DECISIONS_STACK,
    TOOLING_STACK,
    BUILDS_STACK,
    TRAINS_STACK,
    TRAIN_GATES_STACK,
    TARGET_STACK,
)

# Of its roles, functions and stacks, and of the stacks with units' state machines.
_OWN_PREFIXES = ("orchestrator-", "promote-")


def bucket_name(account: str, region: str) -> str:
    """Name of an account's artifacts bucket; bucket names are global, so it carries account and region."""
    return f"orchestrator-artifacts-{account}-{region}"


def decisions_bucket(account: str, region: str) -> str:
    """Name of the bucket that holds decisions and nothing else."""
    return f"orchestrator-decisions-{account}-{region}"


def function_name(step: str) -> str:
    """Name of the Lambda of a step: `smoke_test` runs as `orchestrator-smoke-test`."""
    return f"orchestrator-{step.replace('_', '-')}"


def may_be_own(pattern: str) -> bool:
    """Whether a name, or one that a pattern ending with `*` matches, may belong to the orchestrator itself."""
    literal = pattern.removesuffix("*")
    is_pattern = literal != pattern
    return pattern in OWN_STACKS or any(
        literal.startswith(own) or (is_pattern and own.startswith(literal)) for own in _OWN_PREFIXES
    )
