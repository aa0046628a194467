"""How far a machine keeps the code of a unit from everything else, and what to say where that is too little."""

from collections.abc import Iterable, Iterator

from orchestrator.config.network import listed
from orchestrator.confine.features import Features
from orchestrator.confine.landlock import OLDEST_ABI
from orchestrator.releases.confinement import Level


def level_of(features: Features) -> Level:
    """The level that a machine reaches."""
    if not features.refuses_sockets:
        return Level.UNCONFINED
    # Root without another user stays the owner of all that is root's.
    if features.root and not features.users:
        return Level.NO_SOCKETS
    if features.landlock >= OLDEST_ABI:
        return Level.OWN_FILES
    return Level.OWN_USER if features.users else Level.NO_SOCKETS


def too_low(level: Level, features: Features) -> str:
    """What to say of a machine that does not confine enough."""
    return (
        f"this machine confines a unit's code at the level '{level}', and '{Level.OWN_USER}' or '{Level.OWN_FILES}' is "
        f"required: {'; '.join(_lacking(features))}. Build on Linux with Landlock, or as root in a container that may "
        "change users, or on CodeBuild. Where nothing of that can be had, an administrator may set "
        "[build] unconfined = true, and a unit's code may then do whatever the one may that builds."
    )


def _lacking(features: Features) -> Iterator[str]:
    """What a machine lacks for the highest level, each as half a sentence."""
    if features.system != "linux":
        yield f"the system is {features.system} and not Linux"
        return
    if not features.filters:
        yield "the kernel filters no system calls (seccomp)"
    if not features.refuses_sockets and features.filters:
        yield f"no filter of system calls is known for {features.machine}, only for x86_64 and aarch64"
    if features.landlock < OLDEST_ABI:
        yield "the kernel has no Landlock, or not a version that builds can work with (Linux 5.19 and newer have)"
    if features.root and not features.users:
        yield "the worker is root and may become no other user (CAP_CHOWN, CAP_SETGID, CAP_SETUID)"


def not_opened(hosts: Iterable[str], why: str) -> str:
    """What to say of a machine that confines enough, and cannot open hosts.

    Args:
        hosts: those that should be opened.
        why: what the launcher says.
    """
    return (
        f"[build] network opens {listed(hosts)} to this unit, which takes a network namespace of its own, and this "
        f"machine makes none: {why}\nIt takes Linux and a worker that is root with CAP_SYS_ADMIN and CAP_NET_ADMIN, or "
        "one that may make user namespaces. In a container, that is privileged mode; 'orchestrator bootstrap' has "
        "CodeBuild build in it where the guardrails open hosts."
    )


def warnings_of(level: Level) -> tuple[str, ...]:
    """What a release has to say of the level that it was built at."""
    if level.is_enough:
        return ()
    said = (
        f"This release was built at the confinement level '{level}', which is too low: the unit's code could have "
        "altered everything that the build machine may alter. [build] unconfined = true allowed that."
    )
    return (said,)
