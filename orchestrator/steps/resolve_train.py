"""Resolve train: check what a train is asked for against ledger and repository, and note it in the ledger."""

from dataclasses import dataclass
from typing import Any

from orchestrator.errors import RequestError
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Part, Stage, Train
from orchestrator.source.catalog import Catalog
from orchestrator.steps.catalogs import ReadCatalog
from orchestrator.steps.contract import Request
from orchestrator.steps.resolve_release import span_of
from orchestrator.steps.train_contract import TrainResult, TrainStatus, TrainStep
from orchestrator.steps.train_members import Mover
from orchestrator.trains.bom import LATEST, Bom, TrainRequest, parse_train_request
from orchestrator.trains.names import BUILD
from orchestrator.trains.waves import plan_waves


class ResolveTrainInput(TrainStep):
    """What Resolve train is given; the request may be anything that somebody started the execution with."""

    request: Any


@dataclass(frozen=True)
class TrainResolver:
    """Carries out Resolve train.

    Args:
        ledger: knows all releases, and keeps the train.
        read_catalog: tells what units there are, and which come after which.
        branch: the branch whose units there are now; a merge's train goes by its commit.
    """

    ledger: Ledger
    read_catalog: ReadCatalog
    branch: str

    def __call__(self, step: ResolveTrainInput) -> TrainResult:
        """Note the train.

        Returns:
            READY, or BUILD with the members that are to be built first.

        Raises:
            RequestError: the request cannot be understood; a release is in quarantine; units are after each other.
            UnknownNameError: a unit, release or environment does not exist.
        """
        request = parse_train_request(step.request)
        catalog = self.read_catalog(request.commit or self.branch)
        members = tuple(sorted(request.digests or request.versions))
        for name in members:
            catalog.require(name)
        plan_waves(members, {name: facts.after for name, facts in catalog.facts.items()})
        train = Train(
            name=step.execution.name,
            execution=step.execution.id,
            started_at=step.execution.started_at,
            request=request.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            commit=catalog.commit.id,
            environments=_ladder(catalog, members, request),
            members=members,
            versions=resolve_versions(self.ledger, request),
            automatic=request.branch is not None,
        )
        self.ledger.trains.begin(train)
        if not request.digests:
            what = ", ".join(f"{unit}@{version}" for unit, version in train.versions.items())
            return TrainResult(status=TrainStatus.READY, message=f"{what} are promoted together.")
        builds = Stage(environment=BUILD, waves=(members,), parts={unit: Part(unit=unit) for unit in members})
        _, moved = Mover(self.ledger, train, builds).forth(members)
        message = f"{', '.join(members)} are built first."
        return TrainResult(status=TrainStatus.BUILD, message=message, members=moved)


def resolve_versions(ledger: Ledger, bom: Bom) -> dict[str, str]:
    """The releases that a bill of materials names, each looked up.

    Raises:
        UnknownNameError: one was never published.
        RequestError: one is in quarantine, or nothing of a unit was ever published.
    """
    versions = {unit: _version(ledger, unit, version) for unit, version in sorted(bom.versions.items())}
    for unit, version in versions.items():
        if barred := ledger.controls.quarantine(unit, version):
            raise RequestError(
                f"{unit}@{version} is in quarantine: {barred.reason} Leave it out, name another release, or "
                f"'orchestrator quarantine {unit}@{version} --lift' first."
            )
    return versions


def _version(ledger: Ledger, unit: str, version: str) -> str:
    if version != LATEST:
        return ledger.releases.release(unit, version).version
    published = ledger.releases.releases(unit)
    if not published:
        raise RequestError(f"{unit}@{LATEST}: no release of {unit} was ever published. Merge it, or build it.")
    return published[0].version


def _ladder(catalog: Catalog, members: tuple[str, ...], request: TrainRequest) -> tuple[str, ...]:
    """The environments between the first and the last that at least one member goes to."""
    names = catalog.organization.environment_names
    span = Request.model_validate({"from": request.from_, "to": request.to})
    first, last = span_of(span, names)
    reached = {name for unit in members for name in catalog.unit(unit).environments(catalog.organization)}
    return tuple(name for name in names[names.index(first) : names.index(last) + 1] if name in reached)
