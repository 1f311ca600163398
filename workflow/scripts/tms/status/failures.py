"""A failed job, as a screen shows it: what it is, its log and that log's last lines."""

import textwrap
from pathlib import Path

from tms.status.snakemake_files import Failure

WIDTH = 80
LINES = 10  # of a failed job's log


def failure_lines(failure: Failure, heading: str) -> list[str]:
    """A heading, the executor's message if there is one, the log's path and its last lines."""
    lines = [heading]
    if failure.message:
        lines.append(wrapped(failure.message, "  "))
    for path in map(Path, failure.logs):
        text = path.read_text(errors="replace").strip() if path.is_file() else ""
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        lines.append(f"  {shown}{'' if text else ' (empty)' if path.is_file() else ' (not there)'}")
        if text:
            ending = [wrapped(line, "    ") for line in text.splitlines() if line.strip()]
            lines += "\n".join(ending[-LINES:]).splitlines()[-LINES:]
            break
    return lines


def wrapped(text: str, indent: str = "") -> str:
    """Text in lines of the screen's width."""
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )
