"""A table: CSV with raw numbers, Markdown for reading."""

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path

from tms.experiments.contamination_marks import MARK
from tms.report.cell_lookup import Reading
from tms.report.wording import COLUMN_MARKS, LOSSES_ONLY, ONE_SEED

NOT_MEASURED = "–"
DIGITS = 8  # significant digits of a number in CSV
# Keys of columns of F: of `forgetting`, `forgetting_ext`, `forgetting_matched`, `forgetting.test` and such.
FORGETTING = "forgetting"
# Columns of CSV beside a reading's own, by their endings.
EXTRAS = ("_low", "_high", "_seeds_low", "_seeds_high", "_n", "_p", "_mark", "_touched")
EXTRAS += ("_delta", "_delta_low", "_delta_high")


@dataclass(frozen=True)
class Column:
    """A column of readings.

    Args:
        key: its name in CSV; the bounds are `{key}_low` and `{key}_high`.
        label: its heading in Markdown.
        unit: how Markdown prints it: `share` in percent with one decimal, `number` with three significant
            digits, `count` without decimals.
    """

    key: str
    label: str
    unit: str = "share"


@dataclass
class Table:
    """A table of methods, models or settings.

    Args:
        name: file name without ending.
        title: printed above it.
        labels: the leading columns' names in CSV -> heading in Markdown.
        columns: the columns of readings.
        rows: (text of each leading column, reading of each column by key; None: not measured).
        notes: lines printed beneath.
        brackets: what the intervals are.
        counted: what a reading's `n` counts.
        contaminated: places to mark: (row, column), either None for all of them.
    """

    name: str
    title: str
    labels: dict[str, str]
    columns: list[Column]
    rows: list[tuple[dict[str, str], dict[str, Reading | None]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    brackets: str = "Brackets: 95 % interval over test examples."
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
        """Write `{name}.csv` and `{name}.md`."""
        lines = [self._raw(place, *row) for place, row in enumerate(self.rows)]
        always = {*self.labels, *(column.key for column in self.columns)}
        names = [name for name in self._names() if name in always or any(line[name] for line in lines)]
        with (folder / f"{self.name}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, names, lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(lines)
        (folder / f"{self.name}.md").write_text(self.markdown())

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
        """The table as Markdown: marks of the best, intervals, differences from the base, notes beneath."""
        # A single model stands in the title.
        alone = len({texts.get("model") for texts, _ in self.rows}) == 1
        labels = {name: head for name, head in self.labels.items() if name != "model" or not alone}
        heads = [*labels.values(), *(self._daggered((None, one.key), one.label) for one in self.columns)]
        rules = [":--"] * len(labels) + ["--:"] * len(self.columns)
        body = [
            [self._daggered((place, None), texts[next(iter(labels))]), *[texts[name] for name in labels][1:]]
            + [written(readings.get(column.key), column.unit) for column in self.columns]
            for place, (texts, readings) in enumerate(self.rows)
        ]
        lines = [f"| {' | '.join(map(_escaped, line))} |" for line in (heads, rules, *body)]
        notes = list(self.notes)
        readings = self.readings()
        if any(reading.low is not None for reading in readings):
            notes.append(self.brackets)
        if any(column.key.startswith(FORGETTING) for column in self.columns):
            notes.append(LOSSES_ONLY)
        if any(reading.seeds_low is not None for reading in readings):
            notes.append("The CSV file has the 95 % intervals over seeds too.")
        if any(reading.mark for reading in readings):
            notes.append(COLUMN_MARKS)
        if {reading.seeds for reading in readings if reading.seeds} == {1}:
            notes.append(ONE_SEED)
        if any(reading.delta for reading in readings):
            notes.append("Parentheses: change from the base.")
        notes += self._sizes()
        return (
            "\n".join([f"**{self.title}**", "", *lines, "", *(f"- {_one_line(note)}" for note in notes)])
            + "\n"
        )

    def _daggered(self, place: tuple[int | None, str | None], text: str) -> str:
        return f"{text} {MARK}" if place in self.contaminated else text

    def _sizes(self) -> list[str]:
        """Numbers of examples in a line; those of a column that differ between rows as a range."""
        columns: dict[str, list[str]] = {}
        for column in self.columns:
            if sizes := [reading.n for reading in self.readings(column.key) if reading.n]:
                low, high = min(sizes), max(sizes)
                size = f"{low:,}" if low == high else f"{low:,} to {high:,}"
                columns.setdefault(size, []).append(column.label)
        if len(columns) <= 1:
            return [f"{self.counted}: {size}." for size in columns]
        each = [f"{size} ({', '.join(of)})" for size, of in columns.items()]
        return [f"{self.counted}: {'; '.join(each)}."]


def _escaped(text: str) -> str:
    """Text in one line, in which a bar does not end the cell."""
    return _one_line(text).replace("|", "\\|")


def _one_line(text: str) -> str:
    """Text whose white space is single blanks: a line break would end the row."""
    return " ".join(text.split())


def _raw_number(value: float | None) -> str:
    return "" if value is None else f"{value:.{DIGITS}g}"


def written(reading: Reading | None, unit: str) -> str:
    """A reading in Markdown, e.g. `**62.4** [58.1, 66.5] (+14.3)`, or `61.9 ≈ [57.6, 66.0]`."""
    if reading is None:
        return NOT_MEASURED
    text = plain(reading.value, unit)
    if reading.mark == "best":
        text = f"**{text}**"
    elif reading.mark == "tied":
        text = f"{text} ≈"
    if reading.low is not None and reading.high is not None:
        text += f" [{plain(reading.low, unit)}, {plain(reading.high, unit)}]"
    if reading.delta:
        text += f" ({signed(reading.delta.value, unit)})"
    return text


def plain(value: float, unit: str) -> str:
    """A number as readers see it; no minus before a zero."""
    if unit == "share":
        text = f"{100 * value:.1f}"
    elif unit == "count":
        text = f"{value:,.0f}"
    else:
        text = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def signed(value: float, unit: str) -> str:
    """A difference with its sign; a zero has none."""
    text = plain(value, unit)
    return text if float(text.replace(",", "")) <= 0 else f"+{text}"
