"""Where an execution comes from, as the ledger knows it: a merge, a train, or somebody who started it by hand."""

from typing import Any

from orchestrator.decisions.document import train_in, train_subject
from orchestrator.errors import RequestError
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.contract import Execution, Request
from orchestrator.trains.names import train_of

MERGE_KEYS = ("branch", "digest")
"""What only a merge or a train may say in a promotion's input: who starts one by hand does not choose it."""


def is_automatic(ledger: Ledger, subject: str, execution: str, train: str | None = None) -> bool:
    """Whether nobody asked for an execution but a merge.

    Args:
        ledger: knows what merges and trains started.
        subject: the unit, or the train as `train/<name>`.
        execution: the promotion's ARN, or the train's.
        train: the train that the promotion says it belongs to.
    """
    moved_by = ledger.trains.of_member(train, execution)
    if moved_by:
        goes_back = (ledger.trains.request_of_member(moved_by.name, execution) or {}).get("rollback", False)
        return not goes_back and is_automatic(ledger, train_subject(moved_by.name), moved_by.execution)
    name = train_in(subject) or train_of(execution)
    return ledger.starts.noted(train_subject(name) if name else subject, execution) is not None


def check_origin(ledger: Ledger, unit: str, execution: Execution, request: Request) -> bool:
    """Refuse an input that claims what neither a merge nor a train has noted.

    Returns:
        Whether one of them has noted all of it.

    Raises:
        RequestError: it is not the input that the execution was to be started with, or says what only a merge may say.
    """
    noted = ledger.starts.noted(unit, execution.id) or ledger.trains.request_of_member(request.train, execution.id)
    if noted is not None:
        check_unaltered(execution.name, Request.model_validate(noted), request)
        return True
    claimed = [key for key in MERGE_KEYS if getattr(request, key) is not None]
    if claimed:
        raise RequestError(
            f"The input of {execution.name} names {' and '.join(claimed)}, which only a merge may name, and no merge "
            f"started it. Leave {' and '.join(claimed)} out: valid are 'commit' or 'version', with 'from' and 'to'."
        )
    if request.retry_of is not None:
        _check_retry(ledger, unit, execution, request)
    return False


def check_unaltered(name: str, noted: Any, given: Any) -> None:
    """Refuse an execution that carries the name of a noted one, but not its input.

    Raises:
        RequestError: the inputs differ.
    """
    if noted != given:
        raise RequestError(
            f"The ledger notes another input for {name} than it was started with: somebody has used its name. Start "
            "the promotion under a name of its own."
        )


def _check_retry(ledger: Ledger, unit: str, execution: Execution, request: Request) -> None:
    """Refuse to go on for what did not end, or for what was about something else."""
    promotions = ledger.promotions.promotions(unit)
    before = next((one for one in promotions if one.name == request.retry_of and one.execution != execution.id), None)
    same = before is not None and (
        request.version == before.version
        if request.version
        else request.commit in (before.commit, before.request.get("commit"))
    )
    if before is None or before.status == "SUCCEEDED" or not same:
        raise RequestError(
            f"{execution.name} says that it goes on for {request.retry_of}, but the ledger knows no failed promotion "
            f"of {unit} under that name for this release or commit. Leave 'retry_of' out, or use 'orchestrator retry'."
        )
