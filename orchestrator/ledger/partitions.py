"""The ledger's partitions: for each, what it holds, who writes it and who reads it besides.

The roles' policies are made from this table, so that a step can write what its code writes and nothing else. A role is
named after its step; `builder` is a session that `begin_publish` opens for one build, `controller` the people with the
controller's policy, and people with the operator's policy read all of it. Who writes a partition reads it as well.

Nothing here lets a release into an environment: that takes a decision, which lies in a bucket of its own.
"""

from orchestrator.frozen import dataclass

_ENDINGS = ("on_promotion_change", "settle_train", "on_train_change")
_ONE_RECORD = "one record, whose states follow each other by conditional writes"


@dataclass(frozen=True)
class Partition:
    """One kind of partition.

    Attributes:
        name: what its keys begin with.
        of: what there is one for each of, such as each unit; empty where there is one alone.
        holds: what lies in it.
        writers: the roles that may write it.
        readers: the roles that may only read it.
        shared: why more than one role writes it.
    """

    name: str
    of: str
    holds: str
    writers: tuple[str, ...]
    readers: tuple[str, ...] = ()
    shared: str = ""

    def key(self, of: str = "") -> str:
        """The partition's key, given what it is of."""
        return f"{self.name}#{of}" if self.of else self.name

    @property
    def pattern(self) -> str:
        """What fits the keys of all partitions of this kind, and no others."""
        return self.key("*")


BRANCHES = Partition(
    "BRANCH",
    "branch",
    "what the branch calls for, and what was last started for it, by unit",
    ("on_merge", "start_promotion", "retire"),
    ("plan_train",),
    shared="what is called for and what was started for it are compared in one read",
)
RUNS = Partition("RUNS", "", "how often each branch was looked at", ("on_merge",))
SETTLED = Partition(
    "SETTLED",
    "",
    "the commit of each branch for which nothing is left to be done, and what the last look at it refused",
    ("on_merge",),
)
STARTS = Partition(
    "STARTS",
    "unit or train",
    "the executions that merges start, and their whole inputs",
    ("start_promotion",),
    (
        "resolve_release",
        "plan",
        "preview",
        "request_approval",
        "deploy",
        "decide",
        "resolve_train",
        "plan_train",
    ),
)
CLAIMS = Partition(
    "CLAIMS",
    "",
    "the folder that owns each unit's name and stacks",
    ("on_merge", "administrator"),
    ("plan", "preview", "drift", "retire", "start_promotion"),
    shared="an administrator may give a name up for its folder",
)
PUSHES = Partition(
    "PUSHES",
    "unit or folder",
    "who pushed what touched the unit, or its folder while it was not valid",
    ("on_merge",),
    ("plan", "preview"),
)
RETIREMENTS = Partition("RETIREMENTS", "", "who agreed that what is left of a unit is deleted", ("retire",))
RELEASES = Partition(
    "RELEASES",
    "unit",
    "published releases, and the numbers that were given to versions and layers",
    ("builder",),
    (
        "resolve_release",
        "plan",
        "roll_back",
        "drift",
        "preview",
        "resolve_train",
        "plan_train",
        "request_train_approval",
        "settle_train",
    ),
)
MERGED = Partition(
    "MERGED",
    "unit",
    "the releases of merged commits, as the repository was asked",
    ("resolve_release", "resolve_train"),
    ("plan", "preview", "deploy", "plan_train"),
    shared="each asks the repository before it notes that",
)
FAILED_BUILDS = Partition("FAILED-BUILDS", "unit", "why builds on CodeBuild failed", ("builder",), _ENDINGS)
BUILDS = Partition(
    "BUILDS",
    "unit",
    "the secret that each build publishes with, and who redeemed it, for a month",
    ("prepare_build", "begin_publish"),
    shared="one makes the secret, the other redeems it, once for each try of a build",
)
ENVIRONMENTS = Partition(
    "ENVIRONMENT",
    "environment",
    "what runs there, by unit",
    ("deploy", "smoke_test", "roll_back", "retire", *_ENDINGS),
    ("plan", "preview", "drift", "resolve_release", "resolve_train", "plan_train"),
    shared=_ONE_RECORD,
)
GOOD = Partition(
    "GOOD",
    "environment",
    "the releases that passed their smoke tests there, by unit: what a rollback may return to",
    ("smoke_test", "retire"),
    (
        "deploy",
        "roll_back",
        "plan",
        "preview",
        "drift",
        "resolve_release",
        "resolve_train",
        "plan_train",
        *_ENDINGS,
    ),
    shared="retire deletes what smoke_test writes; both may deploy to the environment anyway",
)
LOCKS = Partition(
    "LOCKS",
    "unit",
    "the promotion that is deploying, by environment",
    ("deploy", "smoke_test", "roll_back", *_ENDINGS),
    shared="deploy takes a lock; whoever ends the deployment frees it, by its holder's name",
)
PROMOTIONS = Partition(
    "PROMOTIONS",
    "unit",
    "promotions: each one's request, release and end",
    ("resolve_release", "smoke_test", *_ENDINGS),
    ("plan", "preview", "deploy", "plan_train", "decide", "retire"),
    shared=_ONE_RECORD,
)
RUNNING = Partition(
    "RUNNING",
    "",
    "the promotions that have not ended",
    ("resolve_release", *_ENDINGS),
    ("plan", "preview", "deploy", "plan_train", "decide", "retire"),
    shared="who opens a promotion enters it, and who notes its end strikes it out",
)
LAST = Partition(
    "LAST",
    "",
    "the newest promotion of each unit that has ended",
    _ENDINGS,
    shared="each notes ends by the same code: events may be late or lost",
)
APPROVALS = Partition(
    "APPROVALS",
    "unit or train",
    "the request that each environment waits for a decision on; its token lies in a table of its own",
    ("request_approval", "request_train_approval", "decide", *_ENDINGS),
    shared="a request is closed by whoever finds that it waits no more; deploy never reads it",
)
DECISIONS = Partition(
    "DECISIONS",
    "unit or train",
    "an index of decisions for views; the decisions themselves are objects, and it is never asked in their place",
    ("decide",),
)
PROOFS = Partition("PROOF", "proof", "the gate that a proof of identity was used for", ("decide",))
DELETIONS = Partition("DELETIONS", "unit", "who deleted what was left of a unit that was retired", ("retire",))
DELIVERIES = Partition("DELIVERY", "", "webhook deliveries that were acted on, for five days", ("webhook",))
MIGRATIONS = Partition(
    "MIGRATION", "", "that the items of older ledgers are in their places; bootstrap alone writes it", ("bootstrap",)
)
_CONTROLLED = "people and the steps that end a deployment keep promotions back"
_KEPT_BACK = ("plan", "preview", "deploy", "plan_train")
HOLDS = Partition(
    "HOLD",
    "",
    "environments of units that are pinned",
    ("smoke_test", "roll_back", "controller"),
    _KEPT_BACK,
    shared=_CONTROLLED,
)
FREEZES = Partition("FREEZE", "", "environments that are closed", ("controller",), (*_KEPT_BACK, "decide"))
QUARANTINES = Partition(
    "QUARANTINE",
    "",
    "releases that are barred",
    ("controller",),
    (*_KEPT_BACK, "decide", "roll_back", "resolve_train", "settle_train"),
)
TRAINS = Partition(
    "TRAINS",
    "",
    "all trains in order",
    ("resolve_train", "on_train_change"),
    shared="whichever hears of a train first enters it",
)
RUNNING_TRAINS = Partition(
    "RUNNING-TRAINS",
    "",
    "the trains that have not ended",
    ("resolve_train", "on_train_change"),
    ("request_approval", "request_train_approval"),
    shared="whichever hears of a train first enters it; its end strikes it out",
)
_OF_TRAINS = (
    "on_merge",
    "start_promotion",
    "resolve_release",
    "plan",
    "request_approval",
    "deploy",
    "smoke_test",
    "decide",
    "on_promotion_change",
    "plan_train",
    "request_train_approval",
)
TRAIN = Partition(
    "TRAIN",
    "train",
    "what the train carries, and how it ended",
    ("resolve_train", "on_train_change", "settle_train"),
    _OF_TRAINS,
    shared=_ONE_RECORD,
)
STAGES = Partition(
    "STAGES",
    "train",
    "what the train did to whom in each environment, and the promotions that move its members",
    ("resolve_train", "plan_train", "settle_train"),
    (*(one for one in _OF_TRAINS if one != "plan_train"), "on_train_change"),
    shared="each step of the train notes the movements that it starts",
)

PARTITIONS = (
    BRANCHES,
    RUNS,
    SETTLED,
    STARTS,
    CLAIMS,
    PUSHES,
    RETIREMENTS,
    RELEASES,
    MERGED,
    FAILED_BUILDS,
    BUILDS,
    ENVIRONMENTS,
    GOOD,
    LOCKS,
    PROMOTIONS,
    RUNNING,
    LAST,
    APPROVALS,
    DECISIONS,
    PROOFS,
    DELETIONS,
    DELIVERIES,
    MIGRATIONS,
    HOLDS,
    FREEZES,
    QUARANTINES,
    TRAINS,
    RUNNING_TRAINS,
    TRAIN,
    STAGES,
)


def written_by(role: str) -> list[str]:
    """Patterns of the keys of all partitions that a role may write."""
    return [one.pattern for one in PARTITIONS if role in one.writers]


def read_by(role: str) -> list[str]:
    """Patterns of the keys of all partitions that a role may read; what it writes is among them."""
    return [one.pattern for one in PARTITIONS if role in (*one.writers, *one.readers)]
