"""Measures beside the scores: losses on texts, KL to the base and lengths of completions."""

from tms.experiments import labels
from tms.metrics import measures as measured
from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.tables.methods import having, rows_of_main
from tms.report.tables.table import Column, Table

LABELS = {"model": "Model", "method": "Method"}
UNITS = {"truncated": "share"}  # by the ending of a column; the others are numbers
NOTES = (
    "Losses are those of given texts, KL is from the method to the base on the method's own samples, lengths "
    "are those of the evaluated completions. They enter no score and no forgetting.",
    "A change from the base is in parentheses, with its interval, where that pairs the texts. There is no "
    "interval over seeds here.",
)


def measures(lookups: list[CellLookup]) -> Table:
    """Measures beside the scores: a row a method, a column a measure.

    Raises:
        NotMeasuredError: no model has the experiment main, or no suite in scope asks for a measure.
    """
    suites = ", ".join(f"models.{lookup.info.model}" for lookup in lookups)
    lookups = having(lookups, "main")
    columns = {}
    for lookup in lookups:
        for key, (name, ending) in measured.columns(lookup.info.suite).items():
            label = f"{labels.benchmark(name)}: {labels.MEASURES[ending]}"
            columns[key] = Column(key, label, UNITS.get(ending, "number"), changes=True)
    if not columns:
        raise NotMeasuredError(f"the suite of {suites} has neither `general` nor a task with grader none")
    rows = rows_of_main(lookups, list(columns.values()), columns)
    rows = [(texts, readings) for texts, readings in rows if any(readings.values())]
    return Table("measures", "Beside the scores", LABELS, list(columns.values()), rows, [*NOTES])
