"""The names that `sam build` leaves out of a Python function's package; nothing else of a folder is left out."""

from fnmatch import fnmatchcase

# Source: aws_lambda_builders.workflows.python_pip.workflow.PythonPipWorkflow.EXCLUDED_FILES, which a test compares.
PYTHON_EXCLUDED = (
    *(".aws-sam", ".chalice", ".git", ".gitignore"),
    *("*.pyc", "__pycache__", "*.so"),
    *(".Python", "*.egg-info", "*.egg"),
    *("pip-log.txt", "pip-delete-this-directory.txt"),
    *("htmlcov", ".tox", ".nox", ".coverage", ".cache", ".pytest_cache"),
    ".python-version",
    *(".mypy_cache", ".dmypy.json", ".pyre"),
    *(".env", ".venv", "venv", "venv.bak", "env.bak", "ENV", "env"),
    *(".vscode", ".idea"),
)
"""Patterns of names of files and folders, at every depth."""


def is_excluded(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a file's or folder's name is one of those that are left out."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
