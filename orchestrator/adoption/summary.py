"""A summary of a draft: what the file finds, what it leaves out, and what is to be done."""

from collections.abc import Iterator

from orchestrator.adoption.draft import Draft

# A line has room for so many names.
_SHOWN = 10
# Roles in targets have room for about as many names of stacks.
_ADOPTED = 5


def summary(made: Draft, *, explain: bool) -> Iterator[str]:
    """The sentences.

    Args:
        made: the file.
        explain: whether to name everything one by one.
    """
    names = sorted(made.units.values())
    shown = names if explain or len(names) <= _SHOWN else [*names[:_SHOWN], f"and {len(names) - _SHOWN} more"]
    yield f"It finds {_count(len(names), 'unit')}{': ' if names else ''}{', '.join(shown)}."
    yield from _values(made, explain=explain)
    if len(made.adopted) > _ADOPTED:
        yield (
            f"It takes over {len(made.adopted)} stacks, and roles in targets have room for about {_ADOPTED} names: "
            "write what several begin with into [adopt], such as 'orders-*'."
        )
    yield from _left_out(made, explain=explain)


def _values(made: Draft, *, explain: bool) -> Iterator[str]:
    """The parameters without values, with which no release can be built."""
    if explain:
        for unit, parameters in sorted(made.without_value.items()):
            yield f"No value: {unit}: {', '.join(parameters)}; the file has a comment for each."
    elif made.without_value:
        yield (
            f"{_count(len(made.without_value), 'unit')} cannot be built before parameters of the template have values: "
            "--explain names them, and writes a comment for each into the file."
        )


def _left_out(made: Draft, *, explain: bool) -> Iterator[str]:
    if explain:
        for path, said in sorted(made.left_out.sentences.items()):
            yield f"No unit: {path}: {said}"
    elif made.left_out.reasons:
        yield "Left out (--explain names each, and says why):"
        for reason, count in made.left_out.counts:
            yield f"  {count:>5}  {reason}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
