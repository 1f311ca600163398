"""Tables of the report: those that draw_tables wrote, and those made from cells, with links."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from tms.experiments import labels
from tms.experiments.contamination_marks import MARK, Pairs, footnote, pairs_of, quantities
from tms.io.errors import InputError
from tms.report.cell_lookup import CellLookup, Reading
from tms.report.markdown_table import unescaped
from tms.report.precision import column_decimals, rounded
from tms.report.tables.methods import led
from tms.report.tables.table import NOT_MEASURED, in_every_row, repeated

NUMBER = re.compile(r"[-+−]?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE)
BAR = re.compile(r"(?<!\\)\|")
NUMBERED = re.compile(
    r"(?:\*\*)?(?P<number>(?:< )?[-+−]?\d[^\s*]*)(?:\*\*)?(?P<tied> ≈)?(?: (?P<below>[\[(].*[\])]))?"
)
BRACKETS = re.compile(r"\[(\S+), (\S+)\]")
ROWS = 24  # of a table that its file holds whole


@dataclass(frozen=True)
class Entry:
    """One place of a table.

    Args:
        text: what is read first.
        below: a second line in small type, e.g. the interval.
        order: number by which the column sorts; None: by the text.
        mark: best, tied or nothing (`parquet.CELLS`).
        link: id of the part of the page that it leads to.
    """

    text: str
    below: str = ""
    order: float | None = None
    mark: str = ""
    link: str = ""


@dataclass(frozen=True)
class PageTable:
    """A table of the page; a column is numeric where each of its entries is a number or empty.

    `file` holds all of its rows where the page shows the first `ROWS`.
    """

    name: str
    title: str
    columns: list[str]
    rows: list[list[Entry]]
    caption: str = ""
    file: str = ""
    numeric: list[bool] = field(init=False)

    def __post_init__(self):
        numeric = [
            any(row[place].order is not None for row in self.rows)
            and all(row[place].order is not None or row[place].text in ("", "-", "–") for row in self.rows)
            for place in range(len(self.columns))
        ]
        object.__setattr__(self, "numeric", numeric)

    @property
    def shown(self) -> list[list[Entry]]:
        """The rows on the page."""
        return self.rows[:ROWS] if self.file else self.rows


def read_number(text: str) -> float | None:
    """The number that a text starts with, thousands apart by commas, a `<` aside; None: there is none."""
    match = NUMBER.match(text.strip().strip("*").removeprefix("< ").replace(",", ""))
    return float(match[0].replace("−", "-")) if match else None


def from_markdown(path: Path, name: str, title: str) -> PageTable:
    """Read a table that `draw_tables` wrote for readers: its lines, and its notes as the caption.

    Raises:
        InputError: it is missing, or holds no table with equal lines.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise InputError(f"{path}: not a readable table; run draw_tables again") from error
    lines = [
        [part.strip() for part in BAR.split(line.strip())[1:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    if len(lines) < 2 or any(len(line) != len(lines[0]) for line in lines):
        raise InputError(f"{path}: no table with equal lines; delete it and run draw_tables again")
    notes = [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]
    rows = [[_read_entry(part) for part in line] for line in lines[2:]]
    caption = " ".join(notes).replace("**", "")
    columns = [*map(unescaped, lines[0])]
    return PageTable(name, title, columns, rows, caption, str(path.with_suffix(".csv")))


def _read_entry(text: str) -> Entry:
    """Read `**62.4** [61.1, 63.5] (+14.3)` or `61.9 ≈ [60.6, 63.0]`; any other text stays as it is."""
    match = NUMBERED.fullmatch(text)
    if not match:
        return Entry(unescaped(text))
    number, tied, below = match["number"], match["tied"], match["below"] or ""
    mark = "best" if text.startswith("**") else "tied" if tied else ""
    return Entry(typeset(number), typeset(BRACKETS.sub(r"\1 to \2", below)), read_number(number), mark)


def scores(lookup: CellLookup, links: dict[str, str], contamination: Pairs | None = None) -> PageTable:
    """The main results: a row a method, a column a benchmark or summary, with 95 % intervals below.

    Args:
        lookup: cells of the experiment `main`.
        links: benchmark -> id of its example rows.
        contamination: (training task, benchmark) -> note, for contaminated pairs; None: none.
    """
    suite = lookup.info.suite
    several = ["target_mean"] if len(suite.target_tasks) > 1 else []
    summaries = [*suite.columns, "retention_delta", "forgetting_floor"]
    places = [*several, *suite.target_tasks, "forgetting", *suite.views, *summaries]
    overall = {"train_task": "", "checkpoint": "", "prompts": ""}
    columns = [name for name in dict.fromkeys(places) if lookup.cells("main", name, **overall)]
    measured_by = {
        method: {name: lookup.reading("main", name, method) for name in columns}
        for method in led(lookup.methods("main"))
    }
    most = {
        name: column_decimals([readings[name] for readings in measured_by.values()], "share")
        for name in columns
    }
    rows = [
        [
            Entry(labels.method(method)),
            *(_score(one, most[name], links.get(name, "")) for name, one in readings.items()),
        ]
        for method, readings in measured_by.items()
        if any(readings.values())
    ]
    caption = (
        "Means over the runs, a target's over the runs on it. A number of a benchmark leads to prompts and "
        "completions."
    )
    pairs = contamination or {}
    entered = quantities(suite, pairs)
    marked = {name: pairs_of(name, entered) for name in columns}
    titles = [labels.quantity(name, suite) + (f" {MARK}" if marked[name] else "") for name in columns]
    shown = {pair for there in marked.values() for pair in there}
    notes = [footnote("", pair, note) for pair, note in pairs.items() if pair in shown]
    caption = " ".join([caption, *notes])
    return without_repeats("scores", "Scores of every method", ["Method", *titles], rows, caption)


def without_repeats(
    name: str, title: str, columns: list[str], rows: list[list[Entry]], caption: str
) -> PageTable:
    """A table without the columns, but for the first, that are empty or say the same in every row."""
    once = {}
    for place, head in [*enumerate(columns)][1:]:
        texts = [f"{row[place].text} [{row[place].below}]".removesuffix(" []") for row in rows]
        if (said := repeated(head, texts)) is not None:
            once[place] = (head, said)
    kept = [place for place in range(len(columns)) if place not in once]
    return PageTable(
        name,
        title,
        [columns[place] for place in kept],
        [[row[place] for place in kept] for row in rows],
        " ".join([caption, *in_every_row(once.values())]).strip(),
    )


def _score(reading: Reading | None, most: int, link: str) -> Entry:
    """A share in points; it sorts by the share."""
    if reading is None:
        return Entry(NOT_MEASURED)
    shown = rounded(reading, "share", most=most)
    return Entry(typeset(shown.value), typeset(shown.interval), reading.value, reading.mark, link)


def typeset(number: str) -> str:
    """A number with a true minus."""
    return number.replace("-", "−")
