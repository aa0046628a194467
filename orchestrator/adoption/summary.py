"""A summary of a draft: what the file finds, what it leaves out, and what is to be done."""

from collections.abc import Iterator

from orchestrator.adoption.draft import MOST_NAMED, Draft

# Roles in targets have room for about as many names of stacks.
_ADOPTED = 5


def summary(made: Draft, *, explain: bool) -> Iterator[str]:
    """The sentences.

    Args:
        made: the file.
        explain: whether to name everything one by one.
    """
    names = sorted(made.units.values())
    shown = (
        names if explain or len(names) <= MOST_NAMED else [*names[:MOST_NAMED], f"and {len(names) - MOST_NAMED} more"]
    )
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
    count = len(made.without_value)
    if explain or count <= MOST_NAMED:
        for unit, parameters in sorted(made.without_value.items()):
            yield f"No value: {unit}: {', '.join(parameters)}. It cannot be built before the file gives one to each."
    else:
        yield (
            f"{count} units cannot be built before parameters of their templates have values: --explain names them, "
            "and writes a comment for each into the file."
        )


def _left_out(made: Draft, *, explain: bool) -> Iterator[str]:
    if explain or len(made.left_out.reasons) <= MOST_NAMED:
        for path, said in sorted(made.left_out.sentences.items()):
            yield f"Left out: {path}: {said}"
        return
    yield f"{len(made.left_out.reasons)} folders and files are left out (--explain names each, and says why):"
    for reason, count, kinds in made.left_out.counts:
        of_each = f" ({', '.join(f'{kind}: {number}' for kind, number in kinds)})" if kinds else ""
        yield f"{count:>6}  {reason}{of_each}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
