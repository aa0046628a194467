"""Sources as they lie there for a build."""

from pathlib import Path

import pytest

from orchestrator.build.exported import Exported
from orchestrator.errors import ConfigurationError


def test_a_link_to_what_the_unit_does_not_have_is_told_from_a_file_that_is_missing(tmp_path: Path) -> None:
    """Somebody who sees the file in the folder must not be told that it is not there."""
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "template.yaml").symlink_to("../shared/template.yaml")
    with pytest.raises(
        ConfigurationError, match=r"is a symbolic link to '\.\./shared/template\.yaml', which is not in"
    ):
        Exported(tmp_path).required("orders/template.yaml")
    with pytest.raises(ConfigurationError, match="is missing: every unit needs this file"):
        Exported(tmp_path).required("orders/other.yaml")
