"""Figures and tables of the report, as their folders' indices list them."""

import re
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from tms.experiments import labels
from tms.report import index
from tms.report.page.html import inline_svg
from tms.report.page.page_tables import PageTable, from_markdown

SCOPE = re.compile(r" \([^()]*\bseeds?\)$")  # of a title; the page is about one model


@dataclass(frozen=True)
class Drawing:
    """A figure and its file, or why it was not drawn."""

    name: str
    title: str
    caption: str = ""
    svg: Markup | None = None
    reason: str = ""
    file: str = ""


def read_index(folder: Path) -> list[dict]:
    """The entries of the index in a folder of figures or tables.

    Raises:
        InputError: as `index.read`.
    """
    entries = index.read(folder)
    for entry in entries:
        entry["title"] = SCOPE.sub("", entry["title"])
    return entries


def drawings(figures: Path, tables: Path) -> list[Drawing]:
    """The figures in a folder's index, and those that the tables' index names as missing beyond these."""
    entries = []
    for entry in read_index(figures):
        file = figures / f"{entry['name']}.svg"
        svg = inline_svg(file.read_text()) if entry["drawn"] else None
        entries.append(
            Drawing(entry["name"], entry["title"], entry["caption"], svg, entry["reason"], str(file))
        )
    known = {drawing.name for drawing in entries}
    missing = [entry for entry in read_index(tables) if not entry["drawn"] and entry["name"] not in known]
    return entries + [Drawing(entry["name"], entry["title"], reason=entry["reason"]) for entry in missing]


def tables(folder: Path) -> list[PageTable]:
    """The tables that were written into a folder with an index."""
    return [
        from_markdown(folder / f"{entry['name']}.md", entry["name"], entry["title"])
        for entry in read_index(folder)
        if entry["drawn"]
    ]


def compared(by_likelihood: list[str]) -> str:
    """The caption's words on benchmarks without completions; "" without any."""
    names = ", ".join(map(labels.benchmark, by_likelihood))
    return names and (
        f"{names}: scored by likelihood, that is, the answer is the choice with the highest log-probability "
        f"behind the question in plain text (lm-eval's acc; acc_norm, acc_bytes and the right choice's "
        f"probability among all are in scores.csv)."
    )
