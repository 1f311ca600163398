"""A failed job, as a screen shows it: what it is, its log and that log's last lines."""

import textwrap
from pathlib import Path

from tms.io import disk
from tms.status.snakemake_files import Failure

WIDTH = 80
LINES = 10  # of a failed job's log


def failure_lines(failure: Failure, heading: str, fold: bool = True) -> list[str]:
    """A heading, the executor's message if there is one, the log's path and its last lines.

    Args:
        failure: the job.
        heading: first line.
        fold: break long lines at the screen's width.
    """

    def shown_line(text: str, indent: str) -> str:
        # A tab parts words; no escape sequence of a log's is shown.
        text = "".join(letter for letter in text.replace("\t", " ") if letter.isprintable())
        return wrapped(text, indent) if fold else indent + text

    lines = [heading]
    if failure.message:
        lines.append(shown_line(failure.message, "  "))
    for path in map(Path, failure.logs):
        text = path.read_text(errors="replace").strip() if path.is_file() else ""
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        lines.append(f"  {shown}{'' if text else ' (empty)' if path.is_file() else ' (not there)'}")
        if not text and (full := disk.without_room(path.parent)):
            lines.append(shown_line(full, "    "))  # which is what the job could not say
        if text:
            ending = [shown_line(line, "    ") for line in text.splitlines() if line.strip()]
            lines += "\n".join(ending[-LINES:]).splitlines()[-LINES:]
            break
    return lines


def wrapped(text: str, indent: str = "") -> str:
    """Text in lines of the screen's width."""
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )
