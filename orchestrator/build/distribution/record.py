"""The list of a wheel's files. Source: PyPA's specification of binary distributions."""

import base64
import csv
import hashlib
import io
from pathlib import Path

RECORD = "RECORD"


def write_record(content: Path, folder: Path) -> None:
    """Write the list of all files of an unpacked wheel into its `*.dist-info` folder."""
    (folder / RECORD).unlink(missing_ok=True)
    made = io.StringIO(newline="")
    writer = csv.writer(made, lineterminator="\n")
    for path in sorted(path for path in content.rglob("*") if path.is_file()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
        writer.writerow([path.relative_to(content).as_posix(), f"sha256={digest}", path.stat().st_size])
    writer.writerow([f"{folder.name}/{RECORD}", "", ""])
    (folder / RECORD).write_text(made.getvalue(), encoding="utf-8", newline="")
