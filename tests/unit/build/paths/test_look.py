"""A look at a template refuses what a build would, and nothing else."""

import pytest

from orchestrator.build.paths.look import look_at
from orchestrator.build.template import read_template
from orchestrator.errors import ConfigurationError

_FUNCTION = """
Resources:
  F: {Type: AWS::Lambda::Function, Properties: {Handler: app.handle, Runtime: %s, Code: src}%s}
"""


def _code(runtime: str, more: str = "") -> tuple[str, ...]:
    return look_at(read_template((_FUNCTION % (runtime, more)).encode(), "t.yaml"), "t.yaml").code


@pytest.mark.parametrize("runtime", ["python3.6", "python3.13"])
def test_a_function_in_any_python_3_runs_the_package_of_its_unit(runtime: str) -> None:
    """No tool chain builds it, so none has to know its runtime."""
    assert _code(runtime) == ("src",)


@pytest.mark.parametrize(
    ("runtime", "more"),
    [("python2.7", ""), ("python3.6", ", Metadata: {BuildMethod: makefile}"), ("nodejs4.3", "")],
)
def test_a_function_that_no_tool_chain_knows_is_refused(runtime: str, more: str) -> None:
    """Its runtime is named."""
    with pytest.raises(ConfigurationError, match=rf"Runtime = '{runtime}' cannot be built"):
        _code(runtime, more)
