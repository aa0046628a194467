"""What a process gives up for itself and for all that it starts, in the order in which each is still allowed."""

from orchestrator.confine import landlock, namespace, privileges, seccomp
from orchestrator.confine.spec import Spec


def give_up(spec: Spec) -> None:
    """Give up everything but what a command may do.

    Raises:
        OSError: something cannot be given up, and the confinement is strict.
    """
    for step in (_make_reachable, _refuse_privileges, _restrict_files, _restrict_calls):
        try:
            step(spec)
        except OSError:
            if spec.strict:
                raise


def _make_reachable(spec: Spec) -> None:
    if spec.user is not None:
        namespace.make_reachable((*spec.writable, *spec.readable), spec.user)


def _refuse_privileges(spec: Spec) -> None:
    privileges.refuse(spec.user)


def _restrict_files(spec: Spec) -> None:
    if spec.landlock:
        landlock.restrict(spec.landlock, spec.writable, spec.readable, spec.ports)


def _restrict_calls(spec: Spec) -> None:
    seccomp.restrict(spec.network)
