"""The page on configuration."""

from tests.reference import PAGE, page


def test_the_page_on_configuration_says_what_the_models_say() -> None:
    """Written anew with `python -m tests.reference`."""
    assert PAGE.read_text(encoding="utf-8") == page()
