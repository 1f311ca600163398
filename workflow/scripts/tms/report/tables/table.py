"""A table: CSV with raw numbers, Markdown for reading."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tms.experiments.contamination_marks import MARK
from tms.io.csv_file import as_csv
from tms.io.whole_file import write_bytes, write_text
from tms.report import markdown_table
from tms.report.cell_lookup import Reading
from tms.report.precision import MOST_DECIMALS, column_decimals, count, p_value, rounded

NOT_MEASURED = "–"
TIED = "≈"
DIGITS = 8  # significant digits of a number in CSV
# Columns of CSV beside a reading's own, by their endings.
EXTRAS = ("_low", "_high", "_seeds_low", "_seeds_high", "_n", "_p", "_mark", "_touched")
EXTRAS += ("_delta", "_delta_low", "_delta_high")


@dataclass(frozen=True)
class Column:
    """A column of readings.

    Args:
        key: its name in CSV; the bounds are `{key}_low` and `{key}_high`.
        label: its heading in Markdown.
        unit: how Markdown prints it: `p` as a p-value, any other as `precision.rounded` does.
        changes: whether Markdown prints the interval of a change from the base, too.
    """

    key: str
    label: str
    unit: str = "share"
    changes: bool = False


@dataclass
class Table:
    """A table of methods, models or settings.

    Args:
        name: file name without ending.
        title: printed above it.
        labels: the leading columns' names in CSV -> heading in Markdown.
        columns: the columns of readings.
        rows: (text of each leading column, reading of each column by key; None: not measured).
        notes: lines printed beneath: a sentence or two on what is in it. What holds for all tables stands in
            `wording.how_to_read`.
        counted: what a reading's `n` counts.
        contaminated: places to mark: (row, column), either None for all of them.
    """

    name: str
    title: str
    labels: dict[str, str]
    columns: list[Column]
    rows: list[tuple[dict[str, str], dict[str, Reading | None]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counted: str = "Examples"
    contaminated: set[tuple[int | None, str | None]] = field(default_factory=set)

    @property
    def caption(self) -> str:
        """The lines beneath it that are its own."""
        return " ".join(self.notes)

    def readings(self, *keys: str) -> list[Reading]:
        """The readings of these columns, or of all."""
        return [
            reading
            for _, readings in self.rows
            for key, reading in readings.items()
            if reading and (key in keys or not keys)
        ]

    def without_empty_columns(self) -> "Table":
        """The same table without columns in which no row has a number."""
        return replace(self, columns=[one for one in self.columns if self.readings(one.key)])

    def save(self, folder: Path) -> None:
        """Write `{name}.csv` and `{name}.md`, whose checksums are the index's."""
        lines = [self._raw(place, *row) for place, row in enumerate(self.rows)]
        always = {*self.labels, *(column.key for column in self.columns)}
        names = [name for name in self._names() if name in always or any(line[name] for line in lines)]
        shown = [{name: line[name] for name in names} for line in lines]
        write_bytes(folder / f"{self.name}.csv", as_csv(names, shown))
        write_text(folder / f"{self.name}.md", self.markdown())

    def _names(self) -> list[str]:
        return [*self.labels, *(f"{column.key}{extra}" for column in self.columns for extra in ("", *EXTRAS))]

    def _raw(self, place: int, texts: dict[str, str], readings: dict[str, Reading | None]) -> dict[str, str]:
        line = dict.fromkeys(self._names(), "") | texts
        for key in (column.key for column in self.columns):
            if reading := readings.get(key):
                line |= {
                    key: _raw_number(reading.value),
                    f"{key}_low": _raw_number(reading.low),
                    f"{key}_high": _raw_number(reading.high),
                    f"{key}_seeds_low": _raw_number(reading.seeds_low),
                    f"{key}_seeds_high": _raw_number(reading.seeds_high),
                    f"{key}_n": "" if reading.n is None else str(reading.n),
                    f"{key}_p": _raw_number(reading.p_value),
                    f"{key}_mark": reading.mark,
                    f"{key}_touched": MARK if self.contaminated & {(place, None), (None, key)} else "",
                }
                if reading.delta:
                    line[f"{key}_delta"] = _raw_number(reading.delta.value)
                    line[f"{key}_delta_low"] = _raw_number(reading.delta.low)
                    line[f"{key}_delta_high"] = _raw_number(reading.delta.high)
        return line

    def markdown(self) -> str:
        """The table for readers: marks of the best, intervals, differences from the base, notes beneath.

        A column that says the same in every row is said once, beneath.
        """
        entries = {name: [texts[name] for texts, _ in self.rows] for name in self.labels}
        entries |= {column.key: self._written(column) for column in self.columns}
        heads = self.labels | {one.key: self._daggered((None, one.key), one.label) for one in self.columns}
        # A single model stands in the title, with its number of seeds.
        alone = len(set(entries.get("model", []))) == 1
        if alone:
            del entries["model"]
        once = {
            name: said for name, column in entries.items() if (said := repeated(name, column)) is not None
        }
        names = [name for name in entries if name in self.labels]
        if set(names) <= set(once):
            once.pop(names[0], None)  # rows need a name
        shown = {name: column for name, column in entries.items() if name not in once}
        numbers = len(shown) - sum(name in self.labels for name in shown)
        rows = [list(row) for row in zip(*shown.values(), strict=True)]
        for place, row in enumerate(rows):
            row[0] = self._daggered((place, None), row[0])
        said = [(heads[name], entry) for name, entry in once.items() if not (alone and name == "seeds")]
        notes = [*self.notes, *in_every_row(said), *self._sizes()]
        return markdown_table.page(self.title, [heads[name] for name in shown], rows, notes, numbers)

    def _written(self, column: Column) -> list[str]:
        readings = [readings.get(column.key) for _, readings in self.rows]
        most = column_decimals(readings, column.unit)
        return [written(reading, column.unit, most, column.changes) for reading in readings]

    def _daggered(self, place: tuple[int | None, str | None], text: str) -> str:
        return f"{text} {MARK}" if place in self.contaminated else text

    def _sizes(self) -> list[str]:
        """The numbers of examples in a line."""
        sizes = [reading.n for reading in self.readings() if reading.n]
        ends = dict.fromkeys(map(count, (min(sizes), max(sizes)))) if sizes else ()
        return [f"{self.counted}: {' to '.join(ends)}."] if ends else []


def _raw_number(value: float | None) -> str:
    return "" if value is None else f"{value:.{DIGITS}g}"


def written(reading: Reading | None, unit: str, most: int = MOST_DECIMALS, changes: bool = False) -> str:
    """A reading in Markdown, e.g. `**62.4** [61.1, 63.5] (+14.3)`, or `61.9 ≈ [60.6, 63.0]`.

    Args:
        reading: None: not measured.
        unit: that of its column.
        most: decimals at most (`precision.column_decimals`).
        changes: whether a change stands with its interval: `(+14.3, +12.9 to +15.6)`.
    """
    if reading is None:
        return NOT_MEASURED
    if unit == "p":
        return p_value(reading.value)
    shown = rounded(reading, unit, most=most)
    text = shown.value
    if reading.mark == "best":
        text = f"**{text}**"
    elif reading.mark == "tied":
        text = f"{text} {TIED}"
    if shown.interval:
        text += f" [{shown.low}, {shown.high}]"
    if reading.delta:
        change = rounded(reading.delta, unit, True, most)
        bounds = f", {change.interval}" if changes and change.interval else ""
        text += f" ({change.value}{bounds})"
    return text


def repeated(name: str, column: Sequence[str]) -> str | None:
    """What a column says in every row, marks aside; None: its rows differ, or there is a single one.

    The base has no seeds; what the others have is the same in every row then.
    """
    entries = {entry.replace("**", "").replace(f" {TIED}", "") for entry in column}
    if name == "seeds":
        entries = entries - {""} or {""}
    return entries.pop() if len(entries) == 1 and len(column) > 1 else None


def in_every_row(said: Iterable[tuple[str, str]]) -> list[str]:
    """The sentence on columns that say the same in every row: heading and entry of each; [] without any."""
    told = [f"{head} {entry}" for head, entry in said if entry not in ("", NOT_MEASURED)]
    return [f"In every row: {'; '.join(told)}."] if told else []
