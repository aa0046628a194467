"""Where everything lies in an artifacts bucket."""

import inspect

from orchestrator.releases import layout


def test_all_that_the_orchestrator_keeps_is_in_known_folders() -> None:
    """Nobody else's objects may be there: what is added is added to the list."""
    keys = [one for name, one in inspect.getmembers(layout, inspect.isfunction) if name.endswith("_key")]
    made = [
        key(*(1 if one.annotation is int else "x" for one in inspect.signature(key).parameters.values()))
        for key in keys
    ]
    assert {key.split("/")[0] for key in made} == set(layout.FOLDERS)
