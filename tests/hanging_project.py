"""A project whose own build backend never ends."""


def hanging_project(name: str, version: str) -> str:
    """Its `pyproject.toml`; the backend is `backend.py` beside it."""
    return f"""\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "{version}"
"""
