"""The differences behind a verdict as a table of the page."""

from tms.report.cell_lookup import Reading
from tms.report.page.page_tables import Entry, PageTable, typeset, without_repeats
from tms.report.precision import Rounded, p_value, rounded

UNITS = {"points": "percent", "area": "number", "rho": "number"}
TITLES = {"points": "Points", "area": "Area", "rho": "rho"}
UNPAIRED = (
    "Unpaired: not measured on the same examples and seeds, so two intervals are combined as if independent, "
    "which errs on the side of no difference."
)


def differences(rows: list[dict], name: str, title: str) -> PageTable:
    """The differences that a verdict rests on, and those beside it that decide nothing.

    Args:
        rows: of one question, as questions.json holds them (`Contrast.row`).
    """
    over_seeds = any("seeds_low" in row for row in rows)
    over_examples = over_seeds and any("examples_low" in row for row in rows)
    beside = not all(row["decides"] for row in rows)
    entries = []
    for row in rows:
        shown = _shown(row, "low", "high")
        line = [Entry(row["label"]), Entry(typeset(shown.value), typeset(shown.interval), row["value"])]
        if over_examples:
            line.append(Entry(typeset(_shown(row, "examples_low", "examples_high").interval)))
        if over_seeds:
            line.append(Entry(typeset(_shown(row, "seeds_low", "seeds_high").interval)))
        tested = p_value(row["p_value"]) if "p_value" in row else ""
        text = tested if row["paired"] else f"{tested}, unpaired"
        line.append(Entry(text, order=row.get("p_value")))
        entries.append(line + ([Entry("yes" if row["decides"] else "no")] if beside else []))
    unit = TITLES[rows[0]["unit"]] if rows else ""
    columns = ["Difference", unit]
    columns += ["95 % over examples"] if over_examples else []
    columns += ["95 % over seeds"] if over_seeds else []
    columns += ["p", *(["Decides"] if beside else [])]
    caption = "" if all(row["paired"] for row in rows) else UNPAIRED
    return without_repeats(name, title, columns, entries, caption)


def _shown(row: dict, low: str, high: str) -> Rounded:
    """A difference with one of its intervals, where the row has it."""
    return rounded(Reading(row["value"], row.get(low), row.get(high)), UNITS[row["unit"]], sign=True)
