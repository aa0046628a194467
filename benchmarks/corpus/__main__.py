"""Print the table of `docs/existing-repositories.md`, and what people are told of each template that is refused."""

import argparse
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpus.report import Report, report_on
from benchmarks.corpus.sources import cfn_lint_templates, translator_templates


def main() -> None:
    """Read and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    parser.add_argument("--translator", type=Path, help="A clone of aws/serverless-application-model.")
    translator = parser.parse_args().translator
    with TemporaryDirectory(prefix="orchestrator-corpus-") as folder:
        templates = {"cfn-lint": cfn_lint_templates(Path(folder, "cache"))}
        templates |= {"SAM's translator": translator_templates(translator)} if translator else {}
        reports = dict(_reports(templates, Path(folder)))
    print("| templates of | accepted | units | refused |\n| --- | --- | --- | --- |")
    for source, report in reports.items():
        print(row(source, report))
    for report in reports.values():
        print("\n".join(report.sentences.values()))
    if broken := [name for report in reports.values() for name in report.broken]:
        raise SystemExit(f"SAM's transform refuses what would be deployed of {', '.join(broken)}.")


def row(source: str, report: Report) -> str:
    """The row of a table for one source."""
    accepted = len(report.units) + len(report.refused)
    refused = "; ".join(f"{reasons}: {count}" for reasons, count in report.counts.items())
    return f"| {source} | {accepted} | {len(report.units)} ({report.share:.1%}) | {refused} |"


def _reports(templates: Mapping[str, Mapping[str, bytes]], folder: Path) -> Iterator[tuple[str, Report]]:
    for number, (source, texts) in enumerate(templates.items()):
        own = folder / str(number)
        own.mkdir()
        yield source, report_on(texts, own, os.environ["PATH"])


if __name__ == "__main__":
    main()
