"""The differences behind a verdict as a table of the page."""

from tms.report.page.page_tables import Entry, PageTable
from tms.report.research_questions.contrasts import p_text

FORMS = {"points": "+.1f", "area": "+.4f", "rho": "+.2f"}
TITLES = {"points": "Points", "area": "Area", "rho": "rho"}
BOTH = "Below a difference, its 95 % interval with both sources, test examples and seeds."
ONE_RUN = "With one seed intervals are over test examples alone."
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
        form = FORMS[row["unit"]]
        number = _typeset(f"{row['value']:{form}}")
        line = [Entry(row["label"]), Entry(number, _interval(row, "low", "high", form), row["value"])]
        if over_examples:
            line.append(Entry(_interval(row, "examples_low", "examples_high", form)))
        if over_seeds:
            line.append(Entry(_interval(row, "seeds_low", "seeds_high", form)))
        tested = p_text(row["p_value"]).removeprefix("p ").removeprefix("= ") if "p_value" in row else ""
        line.append(Entry(tested if row["paired"] else f"{tested}, unpaired"))
        entries.append(line + ([Entry("yes" if row["decides"] else "no")] if beside else []))
    unit = TITLES[rows[0]["unit"]] if rows else ""
    columns = ["Difference", unit]
    columns += ["95 % over examples"] if over_examples else []
    columns += ["95 % over seeds"] if over_seeds else []
    columns += ["p", *(["Decides"] if beside else [])]
    caption = [BOTH if over_examples else ONE_RUN]
    caption += [] if all(row["paired"] for row in rows) else [UNPAIRED]
    return PageTable(name, title, columns, entries, " ".join(caption))


def _interval(row: dict, low: str, high: str, form: str) -> str:
    if low not in row:
        return ""
    return " to ".join(_typeset(f"{row[bound]:{form}}") for bound in (low, high))


def _typeset(number: str) -> str:
    """A number with a true minus; what rounds to 0 has no sign."""
    return number[1:] if float(number) == 0 else number.replace("-", "−")
