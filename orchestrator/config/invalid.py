"""What is wrong with a document, in words: pydantic's own text names its classes and its website."""

from pydantic import ValidationError

_MOST_TOLD = 5


def told(error: ValidationError) -> str:
    """The first problems, each with its place."""
    problems = error.errors(include_url=False)
    first = [f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}" for one in problems[:_MOST_TOLD]]
    return "; ".join([*first, *([f"and {len(problems) - _MOST_TOLD} more"] if len(problems) > _MOST_TOLD else [])])
