"""Resolve train: check what a train is asked for against ledger and repository, and note it in the ledger."""

from itertools import chain
from typing import TYPE_CHECKING, Any

from orchestrator.aws.executions import has_state_machine
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.decisions.document import train_subject
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Part, Stage, Train
from orchestrator.source.catalog import Catalog
from orchestrator.source.refs.branch import full_ref
from orchestrator.steps.catalogs import ReadCatalog
from orchestrator.steps.contract import Execution, Release, Request
from orchestrator.steps.merges.check import MergeCheck
from orchestrator.steps.origin import check_unaltered
from orchestrator.steps.resolve_release import not_passed, span_of
from orchestrator.steps.train_contract import TrainResult, TrainStatus, TrainStep
from orchestrator.steps.train_members import Mover
from orchestrator.trains.bom import LATEST, Bom, TrainRequest, parse_train_request
from orchestrator.trains.names import BUILD, check_execution_name
from orchestrator.trains.waves import Waves, plan_waves

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class ResolveTrainInput(TrainStep):
    """What Resolve train is given; the request may be anything that somebody started the execution with."""

    request: Any


@dataclass(frozen=True)
class TrainResolver:
    """Carries out Resolve train.

    Args:
        ledger: knows all releases, and keeps the train.
        read_catalog: tells what units there are, and which come after which.
        stepfunctions: tells which of them have a state machine.
        branch: the branch whose units there are now; a merge's train goes by its commit.
        check_merged: refuses releases of commits that may not go where they are to go.
    """

    ledger: Ledger
    read_catalog: ReadCatalog
    stepfunctions: "SFNClient"
    branch: str
    check_merged: MergeCheck

    def __call__(self, step: ResolveTrainInput) -> TrainResult:
        """Note the train.

        Returns:
            READY, or BUILD with the members that are to be built first.

        Raises:
            RequestError: the request cannot be understood, or not be carried out, or neither can the train's name; or
                a release is of a commit that may not go where it is to go.
            UnknownNameError: a unit, release or environment does not exist.
        """
        check_execution_name(step.execution.name)
        request = parse_train_request(step.request)
        automatic = self._is_automatic(step, request)
        catalog = self.read_catalog(request.commit or full_ref(self.branch))
        asked = resolve_bom(self.ledger, catalog, self.stepfunctions, request)
        members = asked.members
        self._check_merged(catalog, asked)
        train = Train(
            name=step.execution.name,
            execution=step.execution.id,
            started_at=step.execution.started_at,
            request=request.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            commit=catalog.commit.id,
            environments=asked.environments,
            members=members,
            versions=asked.versions,
            automatic=automatic,
        )
        self.ledger.trains.begin(train)
        if not request.digests:
            what = ", ".join(f"{unit}@{version}" for unit, version in train.versions.items())
            return TrainResult(status=TrainStatus.READY, message=f"{what} are promoted together.")
        builds = Stage(environment=BUILD, waves=(members,), parts={unit: Part(unit=unit) for unit in members})
        _, moved = Mover(self.ledger, train, builds).forth(members)
        message = f"{', '.join(members)} are built first."
        return TrainResult(status=TrainStatus.BUILD, message=message, members=moved)

    def _check_merged(self, catalog: Catalog, asked: "Asked") -> None:
        """Ask of each release what its own promotion would ask, before people decide on all of them."""
        for unit, version in asked.versions.items():
            own = catalog.unit(unit).environments(catalog.organization)
            span = [name for name in asked.environments if name in own]
            self.check_merged(self.ledger.releases.release(unit, version), Request(version=version), span)

    def _is_automatic(self, step: ResolveTrainInput, request: TrainRequest) -> bool:
        """Whether a merge called for the train; what only a merge may say is refused of anybody else."""
        noted = self._noted(step.execution, step.execution.name)
        if noted is not None:
            check_unaltered(step.execution.name, noted, request)
            return True
        before = self._noted(step.execution, request.retry_of) if request.retry_of else None
        known = (before.commit, before.digests) if before else (None, {})
        claimed = [key for key in ("branch", "commit", "digests", "retry_of") if getattr(request, key)]
        if (request.commit, request.digests) != known or request.branch or (request.retry_of and not before):
            raise RequestError(
                f"The input of the train {step.execution.name} names {', '.join(claimed)}, which only a merge may "
                "name, and no merge started it. Name releases in 'units', such as orders@0.2.1."
            )
        return False

    def _noted(self, execution: Execution, name: str) -> TrainRequest | None:
        """What a merge starts a train of that name with; None when no merge does."""
        machine, _, _ = execution.id.rpartition(":")
        noted = self.ledger.starts.noted(train_subject(name), f"{machine}:{name}")
        return TrainRequest.model_validate(noted) if noted is not None else None


@dataclass(frozen=True)
class Asked:
    """What a bill of materials comes to.

    Attributes:
        waves: its members, in the order that holds in an environment that all of them go to.
        environments: those it goes through.
        versions: by member, its release; empty of a merge's train, which is built first.
    """

    waves: Waves
    environments: tuple[str, ...]
    versions: dict[str, str]

    @property
    def members(self) -> tuple[str, ...]:
        """All units of it."""
        return tuple(sorted(chain.from_iterable(self.waves)))


def resolve_bom(ledger: Ledger, catalog: Catalog, stepfunctions: "SFNClient", bom: Bom) -> Asked:
    """Check a bill of materials against the repository, the ledger and Step Functions, before anything is touched.

    Raises:
        UnknownNameError: a unit, release or environment does not exist.
        RequestError: a release is in quarantine, or did not come as far as the train begins; a unit was never merged;
            units are after each other.
    """
    units = [catalog.unit(name) for name in bom.members]
    environments = _ladder(catalog.organization, units, bom)
    waves = plan_waves(bom.members, {name: facts.after for name, facts in catalog.facts.items()})
    releases = _resolve_releases(ledger, bom)
    if releases:
        _check_passed(ledger, units, releases, environments, catalog.organization)
        _check_machines(stepfunctions, units, catalog.organization)
    return Asked(waves, environments, {unit: release.version for unit, release in releases.items()})


def _resolve_releases(ledger: Ledger, bom: Bom) -> dict[str, Release]:
    """The releases that a bill of materials names, each looked up; none may be in quarantine."""
    releases = {unit: _release(ledger, unit, version) for unit, version in sorted(bom.versions.items())}
    for unit, release in releases.items():
        if barred := ledger.controls.quarantine(unit, release.version):
            raise RequestError(
                f"{release.name} is in quarantine: {barred.reason} Leave it out, name another release, or "
                f"'orchestrator quarantine {release.name} --lift' first."
            )
    return releases


def _release(ledger: Ledger, unit: str, version: str) -> Release:
    if version != LATEST:
        return ledger.releases.release(unit, version)
    published = ledger.releases.releases(unit)
    if not published:
        raise RequestError(f"{unit}@{LATEST}: no release of {unit} was ever published. Merge it, or build it.")
    return published[0]


def _check_passed(
    ledger: Ledger,
    units: list[Unit],
    releases: dict[str, Release],
    environments: tuple[str, ...],
    organization: Organization,
) -> None:
    """Refuse what a member's own promotion would refuse: by then, others would be where the train was to take all."""
    found: list[str] = []
    for unit in units:
        ladder = unit.environments(organization)
        release = releases[unit.name]
        first = next((name for name in ladder if name in environments), None)
        if first and (missing := not_passed(ledger, release, first, ladder)):
            found.append(f"{release.name} has not passed {', '.join(missing)}")
    if found:
        raise RequestError(
            f"The train cannot begin at {environments[0]}: {'; '.join(found)}. Begin at an earlier environment, or "
            "leave 'from' out to begin at the first one."
        )


def _check_machines(stepfunctions: "SFNClient", units: list[Unit], organization: Organization) -> None:
    """Refuse units that nothing could move: others would go where these do not come."""
    arns = {unit.name: organization.state_machine_arn(unit.state_machine_name) for unit in units}
    if missing := [name for name, arn in arns.items() if not has_state_machine(stepfunctions, arn)]:
        raise RequestError(
            f"{', '.join(missing)} cannot be promoted yet: a unit gets its state machines when it is first merged. "
            "Merge it, or leave it out."
        )


def _ladder(organization: Organization, units: list[Unit], bom: Bom) -> tuple[str, ...]:
    """The environments between the first and the last that at least one member goes to."""
    names = organization.environment_names
    first, last = span_of(Request.model_validate({"from": bom.from_, "to": bom.to}), names)
    reached = {name for unit in units for name in unit.environments(organization)}
    return tuple(name for name in names[names.index(first) : names.index(last) + 1] if name in reached)
