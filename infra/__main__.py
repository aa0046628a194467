"""Synthesizes the templates: `python -m infra --organization organization.json --out folder`."""

import argparse
from pathlib import Path

from infra.app import synthesize
from orchestrator.config.organization import Organization


def main() -> None:
    """Write a template for every stack into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organization", type=Path, required=True, help="the organization, as JSON")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    arguments = parser.parse_args()
    synthesize(Organization.model_validate_json(arguments.organization.read_bytes()), arguments.out)


if __name__ == "__main__":
    main()
