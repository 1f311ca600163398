"""Tables in Markdown: a title, the table, notes beneath."""

import re
from collections.abc import Sequence

# What Markdown or HTML would read, and how it is written so that it stands for itself.
ESCAPES = {sign: f"\\{sign}" for sign in "\\|`*_~"} | {"](": "]\\(", "&": "&amp;", "<": "&lt;"}
ESCAPES["$"] = "&#36;"  # GitHub sets what stands between two as a formula
BREAK = "<br>"
# An underscore within a word stands for itself.
READ = re.compile(r"[\\|`*~&<$]|\]\(|(?<![^\W_])_|_(?![^\W_])")
WRITTEN = re.compile("|".join(map(re.escape, [BREAK, *ESCAPES.values()])))


def page(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str] = (),
    numbers: int = 0,
) -> str:
    """A title, a table and notes, with an empty line between them.

    Args:
        title: printed above the table.
        columns: headings, as plain text.
        rows: the entries of each, as plain text but for the numbers.
        notes: Markdown, each a line of a list; none: the table ends the page.
        numbers: so many columns at the right are set to the right, and their entries are Markdown already.
    """
    parts = [f"**{title}**", table(columns, rows, numbers)]
    if notes:
        parts.append("\n".join(f"- {' '.join(note.split())}" for note in notes))
    return "\n\n".join(parts) + "\n"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> str:
    """The lines of a table; arguments as in `page`."""
    texts = len(columns) - numbers
    lines = [[escaped(head) for head in columns], ["---"] * texts + ["--:"] * numbers]
    lines += [[*map(escaped, row[:texts]), *row[texts:]] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escaped(text: str) -> str:
    """Plain text as an entry: on one line, and nothing in it is read as Markdown or HTML."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return BREAK.join(READ.sub(lambda match: ESCAPES[match[0]], line) for line in lines)


def unescaped(entry: str) -> str:
    """The plain text of an entry, with blanks in place of line breaks."""
    plain = {written: sign for sign, written in ESCAPES.items()} | {BREAK: " "}
    return WRITTEN.sub(lambda match: plain[match[0]], entry)
