"""Plan a train in one environment: whether all of its members may enter it now, and in which order they do."""

from collections.abc import Callable

from orchestrator.config.environment import Environment
from orchestrator.config.unit import Unit, unit_for
from orchestrator.frozen import dataclass
from orchestrator.guardrails.document import Guardrails
from orchestrator.guardrails.rules import Tightening, tightening
from orchestrator.identity.policy import ApprovalPolicy, strictest
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Part, Stage, Train
from orchestrator.source.demand import Standing
from orchestrator.steps.admission import Admission
from orchestrator.steps.catalogs import ReadCatalog
from orchestrator.steps.contract import Request, StepInput
from orchestrator.steps.train_arrival import arrival, lost_members
from orchestrator.steps.train_contract import StageStep, TrainResult, TrainStatus, train_of
from orchestrator.steps.train_members import Mover
from orchestrator.trains.waves import plan_waves, prerequisites


class PlanTrainInput(StageStep):
    """What planning a train is given."""


@dataclass(frozen=True)
class TrainPlanner:
    """Plans a train's way through one environment.

    Args:
        ledger: knows the train, and keeps its plan.
        read_catalog: tells the settings of the units, as of the train's commit.
        admission: what keeps a member out of the environment.
        guardrails: reads what holds in environments.
        branch: what is merged there adds to the guardrails; what the train's commit says does not count.
    """

    ledger: Ledger
    read_catalog: ReadCatalog
    admission: Admission
    guardrails: Callable[[], Guardrails]
    branch: str

    def __call__(self, step: PlanTrainInput) -> TrainResult:
        """Plan the environment. None of the members enters it unless all of them may.

        Returns:
            PLANNED with the members of the first wave; GATED with those, and with what is to be planned and decided
            on first; SKIPPED when no member goes there; QUEUED or FROZEN when it is worth asking again; SUPERSEDED,
            HELD or QUARANTINED when it is not; ARRIVED or INCOMPLETE after the last environment.
        """
        train = train_of(self.ledger, step.execution)
        stages = self.ledger.trains.stages(train.name)
        catalog, guarded = self.read_catalog(train.commit), self.guardrails().organization
        after = {name: facts.after for name, facts in catalog.facts.items()}
        before, lost = prerequisites(train.members, after), lost_members(stages)
        units = [
            unit
            for name in train.members
            if name not in lost
            and not before[name] & lost
            and step.environment in (unit := catalog.unit(name)).environments(guarded)
        ]
        if step.environment not in train.environments or not units:
            names = guarded.environment_names
            if names.index(step.environment) >= names.index(train.environments[-1]):
                return arrival(train, stages)
            message = f"Nothing of {train.name} goes to {step.environment}."
            return TrainResult(status=TrainStatus.SKIPPED, message=message)
        environment = guarded.tagged_environment(step.environment)
        described = {one.name: one for one in catalog.organization.environments}.get(environment.name, environment)
        standings = self.ledger.branches.standings(self.branch, [unit.name for unit in units])
        merged = {unit.name: tightening(_as_merged(unit, standings.get(unit.name)), described) for unit in units}
        inputs = [
            self._input(train, unit, environment, unit.stack_name(environment.name, guarded), merged[unit.name])
            for unit in units
        ]
        if refusal := self._refused(inputs):
            return refusal
        return self._plan(train, inputs, before)

    def _input(
        self, train: Train, unit: Unit, environment: Environment, stack_name: str, merged: Tightening
    ) -> StepInput:
        request = Request.model_validate(
            {
                "version": train.versions[unit.name],
                "train": train.name,
                **{key: train.request[key] for key in ("branch", "override_freeze", "reason") if key in train.request},
            }
        )
        return StepInput(
            release=self.ledger.releases.release(unit.name, train.versions[unit.name]),
            environment=environment,
            merged=merged,
            stack_name=stack_name,
            execution=train.started,
            request=request,
            concurrency=unit.settings.concurrency,
        )

    def _refused(self, inputs: list[StepInput]) -> TrainResult | None:
        """What keeps the train out: what is final comes before what can be waited for."""
        refusals = [refusal for one in inputs if (refusal := self.admission(one))]
        refusals.sort(key=lambda one: one.retry_after > 0)
        if not refusals:
            return None
        first = refusals[0]
        status = TrainStatus(first.status.value)
        return TrainResult(status=status, message=first.message, retry_after=first.retry_after)

    def _plan(self, train: Train, inputs: list[StepInput], before: dict[str, frozenset[str]]) -> TrainResult:
        environment = inputs[0].environment.name
        names = [one.release.unit for one in inputs]
        waves = plan_waves(names, before)
        good = {unit: self.ledger.environments.running(unit, environment).good for unit in names}
        parts = {unit: Part(unit=unit, after=tuple(sorted(before[unit])), good=good[unit]) for unit in names}
        policy = _policy(inputs)
        stage = Stage(environment=environment, waves=waves, parts=parts, policy=policy)
        _, moved = Mover(self.ledger, train, stage).forth(waves[0])
        order = ", then ".join(", ".join(wave) for wave in waves)
        plans = tuple(one.model_dump(mode="json", by_alias=True) for one in inputs) if policy else ()
        status = TrainStatus.GATED if policy else TrainStatus.PLANNED
        return TrainResult(status=status, message=f"{order} go to {environment}.", members=moved, plans=plans)


def _as_merged(unit: Unit, standing: Standing | None) -> Unit:
    """A unit with the settings that the branch calls for, which a train's commit cannot leave out."""
    demand = standing.demand if standing else None
    return unit_for(unit.name, demand.pipeline) if demand and not demand.is_retired else unit


def _policy(inputs: list[StepInput]) -> ApprovalPolicy | None:
    """Whose decisions count for all members; None when none of them asks for any."""
    gated = [one.rules.policy for one in inputs if one.rules.requires_approval]
    return strictest(gated) if gated else None
