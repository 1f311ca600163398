"""A table: CSV with raw numbers, Markdown for reading."""

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path

from tms.experiments.contamination_marks import MARK
from tms.report.cell_lookup import Reading
from tms.report.wording import COLUMN_MARKS, LOSSES_ONLY

NOT_MEASURED = "–"
DIGITS = 8  # significant digits of a number in CSV
# Keys of columns of F: of `forgetting`, `forgetting_ext`, `forgetting_matched`, `forgetting.test` and such.
FORGETTING = "forgetting"
EXTRAS = ("low", "high", "seeds_low", "seeds_high", "n", "p", "mark", "touched")


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


@dataclass(frozen=True)
class Entry:
    """A place of a table: a reading, and its difference from the base where the table shows it."""

    reading: Reading | None
    delta: Reading | None = None


@dataclass
class Table:
    """A table of methods, models or settings.

    Args:
        name: file name without ending.
        title: printed above it.
        labels: the leading columns' names in CSV -> heading in Markdown.
        columns: the columns of readings.
        rows: (text of each leading column, entry of each column by key).
        notes: lines printed beneath.
        brackets: what the intervals are.
        counted: what a reading's `n` counts.
        touched: places that contamination touches: (row, column), either None for all of them.
    """

    name: str
    title: str
    labels: dict[str, str]
    columns: list[Column]
    rows: list[tuple[dict[str, str], dict[str, Entry]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    brackets: str = "Brackets: 95 % interval over test examples."
    counted: str = "Examples"
    touched: set[tuple[int | None, str | None]] = field(default_factory=set)

    @property
    def empty(self) -> bool:
        """Whether no place holds a number."""
        return not any(entry.reading for _, entries in self.rows for entry in entries.values())

    def without_empty_columns(self) -> "Table":
        """The same table without columns in which no row has a number."""
        kept = [
            column
            for column in self.columns
            if any((found := entries.get(column.key)) and found.reading for _, entries in self.rows)
        ]
        return replace(self, columns=kept)

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
        found = list(self.labels)
        for column in self.columns:
            found += [column.key, *(f"{column.key}_{extra}" for extra in EXTRAS)]
            found += [f"{column.key}_delta", f"{column.key}_delta_low", f"{column.key}_delta_high"]
        return found

    def _raw(self, place: int, texts: dict[str, str], entries: dict[str, Entry]) -> dict[str, str]:
        line = dict.fromkeys(self._names(), "") | texts
        for column in self.columns:
            key, entry = column.key, entries.get(column.key)
            if entry and entry.reading:
                found = entry.reading
                line |= {
                    key: _raw_number(found.value),
                    f"{key}_low": _raw_number(found.low),
                    f"{key}_high": _raw_number(found.high),
                    f"{key}_seeds_low": _raw_number(found.seeds_low),
                    f"{key}_seeds_high": _raw_number(found.seeds_high),
                    f"{key}_n": "" if found.n is None else str(found.n),
                    f"{key}_p": _raw_number(found.p_value),
                    f"{key}_mark": found.mark,
                    f"{key}_touched": MARK if self.touched & {(place, None), (None, key)} else "",
                }
            if entry and entry.delta:
                line[f"{key}_delta"] = _raw_number(entry.delta.value)
                line[f"{key}_delta_low"] = _raw_number(entry.delta.low)
                line[f"{key}_delta_high"] = _raw_number(entry.delta.high)
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
            + [written(entries.get(column.key), column.unit) for column in self.columns]
            for place, (texts, entries) in enumerate(self.rows)
        ]
        lines = [f"| {' | '.join(map(_escaped, line))} |" for line in (heads, rules, *body)]
        notes = list(self.notes)
        readings = [entry.reading for _, entries in self.rows for entry in entries.values() if entry.reading]
        if any(reading.low is not None for reading in readings):
            notes.append(self.brackets)
        if any(column.key.startswith(FORGETTING) for column in self.columns):
            notes.append(LOSSES_ONLY)
        if any(reading.seeds_low is not None for reading in readings):
            notes.append("The CSV file has the 95 % intervals over seeds too.")
        if any(reading.mark for reading in readings):
            notes.append(COLUMN_MARKS)
        if any(entry.delta for _, entries in self.rows for entry in entries.values()):
            notes.append("Parentheses: change from the base.")
        notes += self._sizes()
        return (
            "\n".join([f"**{self.title}**", "", *lines, "", *(f"- {_one_line(note)}" for note in notes)])
            + "\n"
        )

    def _daggered(self, place: tuple[int | None, str | None], text: str) -> str:
        return f"{text} {MARK}" if place in self.touched else text

    def _sizes(self) -> list[str]:
        """Numbers of examples in a line; those of a column that differ between rows as a range."""
        found: dict[str, list[str]] = {}
        for column in self.columns:
            sizes = {
                entry.reading.n
                for _, entries in self.rows
                if (entry := entries.get(column.key)) and entry.reading and entry.reading.n
            }
            if sizes:
                low, high = min(sizes), max(sizes)
                found.setdefault(f"{low:,}" if low == high else f"{low:,} to {high:,}", []).append(
                    column.label
                )
        if not found:
            return []
        if len(found) == 1:
            return [f"{self.counted}: {next(iter(found))}."]
        each = [f"{size} ({', '.join(of)})" for size, of in found.items()]
        return [f"{self.counted}: {'; '.join(each)}."]


def _escaped(text: str) -> str:
    """Text in one line, in which a bar does not end the cell."""
    return _one_line(text).replace("|", "\\|")


def _one_line(text: str) -> str:
    """Text whose white space is single blanks: a line break would end the row."""
    return " ".join(text.split())


def _raw_number(value: float | None) -> str:
    return "" if value is None else f"{value:.{DIGITS}g}"


def written(entry: Entry | None, unit: str) -> str:
    """An entry in Markdown, e.g. `**62.4** [58.1, 66.5] (+14.3)`, or `61.9 ≈ [57.6, 66.0]`."""
    if entry is None or entry.reading is None:
        return NOT_MEASURED
    found = entry.reading
    text = plain(found.value, unit)
    if found.mark == "best":
        text = f"**{text}**"
    elif found.mark == "tied":
        text = f"{text} ≈"
    if found.low is not None and found.high is not None:
        text += f" [{plain(found.low, unit)}, {plain(found.high, unit)}]"
    if entry.delta:
        text += f" ({signed(entry.delta.value, unit)})"
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
