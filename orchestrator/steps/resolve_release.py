"""Resolve release: find what a promotion is about, check its request, and begin the execution document."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from pydantic import ValidationError

from orchestrator.config.base import EnvironmentName, UnitName
from orchestrator.config.invalid import told
from orchestrator.config.organization import Organization
from orchestrator.errors import RequestError, UnknownNameError
from orchestrator.frozen import dataclass
from orchestrator.guardrails.document import Guardrails
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.promotions import Promotion
from orchestrator.steps.catalogs import ReadCatalog
from orchestrator.steps.contract import Document, Execution, Release, Request
from orchestrator.steps.merges.check import MergeCheck
from orchestrator.steps.origin import check_origin


class ResolveReleaseInput(Document):
    """What Resolve release is given; the request may be anything that somebody started the execution with."""

    unit: UnitName
    request: Any
    environments: tuple[EnvironmentName, ...]
    execution: Execution


class PromotionDocument(Document):
    """The execution document as it begins.

    Attributes:
        first: the environment to begin with; None when it was only to be built.
        last: the environment after which the promotion is done.
        execution: the promotion's, as it ranks.
    """

    unit: str
    request: dict[str, Any]
    release: Release
    first: str | None
    last: str | None
    execution: Execution
    environments: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class ReleaseResolver:
    """Carries out Resolve release.

    Args:
        ledger: knows all releases.
        read_catalog: tells a commit's digest.
        guardrails: reads which environments no unit may leave out.
        check_merged: refuses releases of commits that may not go where they are to go.
    """

    ledger: Ledger
    read_catalog: ReadCatalog
    guardrails: Callable[[], Guardrails]
    check_merged: MergeCheck

    def __call__(self, step: ResolveReleaseInput) -> PromotionDocument:
        """Find the release and begin the document.

        Raises:
            RequestError: the request cannot be understood, claims what the ledger does not know, or names a commit
                that may not go where it is to go.
            UnknownNameError: the version, commit or environment does not exist.
        """
        guarded = self.guardrails().organization
        _check_mandatory(step, guarded)
        request = parse_request(step.request)
        is_noted = check_origin(self.ledger, step.unit, step.execution, request)
        execution = self._ranked(request, step.execution)
        span = environments_of(request, step.environments)
        release = self._release(step.unit, request)
        if span:
            check_passed(self.ledger, release, request, step.environments, guarded.mandatory_names)
        self.check_merged(release, request, span, is_noted=is_noted)
        document = PromotionDocument(
            unit=step.unit,
            request=request.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            release=release,
            first=span[0] if span else None,
            last=span[-1] if span else None,
            execution=execution,
            environments={name: {"approval": None} for name in step.environments},
        )
        self._record(document, execution, span)
        return document

    def _ranked(self, request: Request, execution: Execution) -> Execution:
        """The execution as it ranks; one that says it moves a train's member must be noted as doing so."""
        ranked = self.ledger.trains.rank(request.train, execution)
        if request.train and ranked.since is None:
            raise RequestError(
                f"{execution.name} is not one of the promotions of a train {request.train}, as the ledger knows it. "
                "Leave 'train' out, or start one with 'orchestrator train start'."
            )
        return ranked

    def _release(self, unit: str, request: Request) -> Release:
        if request.version is not None:
            return self.ledger.releases.release(unit, request.version)
        digest = request.digest or self._digest(unit, str(request.commit))
        release = self.ledger.releases.release_with_digest(unit, digest)
        if release is None:
            raise RequestError(f"{unit} has not been built at commit {request.commit}: its build did not end.")
        return release

    def _digest(self, unit: str, commit: str) -> str:
        catalog = self.read_catalog(commit)
        catalog.unit(unit)
        return catalog.digest(unit)

    def _record(self, document: PromotionDocument, execution: Execution, span: tuple[str, ...]) -> None:
        promotion = Promotion(
            unit=document.unit,
            execution=execution.id,
            name=execution.name,
            started_at=execution.order.split("#")[0],
            version=document.release.version,
            commit=document.release.commit,
            request=document.request,
            environments=span,
        )
        self.ledger.promotions.record_start(promotion, execution)


def _check_mandatory(step: ResolveReleaseInput, guarded: Organization) -> None:
    """Refuse a state machine that leaves out what has become mandatory since it was made."""
    environments = guarded.environments
    last = max((at for at, one in enumerate(environments) if one.name in step.environments), default=0)
    missing = [one.name for one in environments[:last] if one.mandatory and one.name not in step.environments]
    if missing:
        raise RequestError(
            f"The state machine of {step.unit} leaves out {', '.join(missing)}, which the guardrails make "
            "mandatory. It is brought up to date at the next merge; 'orchestrator merge' does it now."
        )


def parse_request(request: Any) -> Request:
    """Read an execution's input.

    Raises:
        RequestError: it is not what a promotion can be started with.
    """
    try:
        parsed = Request.model_validate(request)
    except ValidationError as error:
        raise RequestError(f"The promotion's input is not valid: {told(error)}. {_EXAMPLE}") from error
    if (parsed.version is None) == (parsed.commit is None):
        raise RequestError(f"The promotion's input must name either a version or a commit. {_EXAMPLE}")
    if parsed.rollback and (parsed.version is None or parsed.from_ is None or parsed.from_ != parsed.to):
        raise RequestError("A rollback must name a version, and one environment as both 'from' and 'to'.")
    if parsed.build_only and parsed.commit is None:
        raise RequestError("What is only built ('build_only') must name a commit: a version is built already.")
    exceptions = [name for name in ("override_freeze", "skip_gates", "rollback") if getattr(parsed, name)]
    if exceptions and not (parsed.reason or "").strip():
        raise RequestError(f"{' and '.join(exceptions)} must come with a 'reason': it is kept in the ledger.")
    return parsed


def check_passed(
    ledger: Ledger, release: Release, request: Request, environments: Sequence[str], mandatory: Collection[str]
) -> None:
    """Refuse to begin in the middle with a release that did not come that far by itself.

    Args:
        ledger: knows what worked where.
        release: what is to be promoted.
        request: from where, and whether that may be skipped.
        environments: the unit's, in order.
        mandatory: names of environments that nobody may skip.

    Raises:
        RequestError: it has not passed the environments before.
    """
    first, _ = span_of(request, environments)
    if request.rollback and not _has_passed(ledger, release, first):
        raise RequestError(
            f"{release.name} never worked in {first}: a rollback leads to a release that did. To promote it "
            f"there, leave 'rollback' out."
        )
    missing = not_passed(ledger, release, first, environments)
    if request.skip_gates and (unskippable := [name for name in missing if name in mandatory]):
        raise RequestError(
            f"{release.name} cannot begin at {first}: the guardrails make {', '.join(unskippable)} mandatory, so "
            f"'skip_gates' (--skip-gates) does not skip it. Promote it from {unskippable[0]}."
        )
    if missing and not request.skip_gates:
        raise RequestError(
            f"{release.name} cannot begin at {first}: it has not passed {', '.join(missing)}. Promote it from "
            f"{missing[0]}, or skip that with 'skip_gates' (--skip-gates) and a reason."
        )


def not_passed(ledger: Ledger, release: Release, first: str, environments: Sequence[str]) -> list[str]:
    """The environments that a release should have passed to begin at one of them; none when it worked there before."""
    if _has_passed(ledger, release, first):
        return []
    before = environments[: environments.index(first)]
    return [name for name in before if not _has_passed(ledger, release, name)]


def _has_passed(ledger: Ledger, release: Release, environment: str) -> bool:
    return release.version in ledger.environments.running(release.unit, environment).good


_EXAMPLE = 'Valid are {"version": "0.2.1"} and {"commit": "<sha>"}, each with "from", "to" (environments) and "reason".'


def environments_of(request: Request, environments: Sequence[str]) -> tuple[str, ...]:
    """The environments that a promotion goes through; none when it is only built.

    Raises:
        UnknownNameError: there is no such environment.
        RequestError: the first comes after the last.
    """
    if request.build_only:
        return ()
    first, last = span_of(request, environments)
    return tuple(environments[environments.index(first) : environments.index(last) + 1])


def span_of(request: Request, environments: Sequence[str]) -> tuple[str, str]:
    """The first and the last environment of a promotion.

    Raises:
        UnknownNameError: there is no such environment.
        RequestError: the first comes after the last.
    """
    first, last = request.from_ or environments[0], request.to or environments[-1]
    for name in (first, last):
        if name not in environments:
            raise UnknownNameError("environment", name, list(environments))
    if environments.index(first) > environments.index(last):
        raise RequestError(f"'from' ({first}) comes after 'to' ({last}); the order is {', '.join(environments)}.")
    return first, last
