"""All tables of a scope."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tms.experiments import labels
from tms.experiments.contamination_marks import Pairs, footnote, pairs_of, quantities
from tms.io.whole_file import write_text
from tms.report import markdown_table
from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.compared import ComparedNumber
from tms.report.index import write_all
from tms.report.tables import choice, diagnoses, measures, methods, settings, training
from tms.report.tables.table import Table
from tms.report.wording import heading, how_to_read

# Name -> title in the index, and the function that makes it.
OF_CELLS = {
    "frontier": ("The frontier control", diagnoses.frontier),
    "choice": ("What to use", choice.choice),
    "table1": ("Table 1: supervision mismatch along a long run", diagnoses.table1),
    "table2": ("Table 2: coverage and diversity of sampled answers", diagnoses.table2),
    "training": ("Training of the on-policy methods", training.training),
    "targets": ("Targets of the methods that train on rows", training.targets),
    "table3": ("Table 3: main results", methods.table3),
    "table6": ("Table 6: safety retention", methods.table6),
    "table7": ("Table 7: windows of checkpoints", methods.table7),
    "table8": ("Table 8: pilots of tool use and images", methods.table8),
    "table9": ("Table 9: full results", methods.table9),
    "measures": ("Beside the scores", measures.measures),
    "checkpoints": ("Figure 4's numbers", methods.checkpoints),
    "alpha": ("Probability of the teacher's answer", methods.alpha),
    "mixture": ("Mixtures and self-distillation (RQ4)", methods.mixture),
    "averages": ("The base's weights averaged with a run's", methods.averages),
    "rivals": ("What else keeps skills", methods.rivals),
    "correlations": ("Rank correlation of forgetting with divergences", diagnoses.correlations),
    "theorem61": ("Theorem 6.1 as a measurement", diagnoses.theorem61),
    "task_dependence": ("Gain of TMS over SFT by target task (RQ5)", diagnoses.task_dependence),
    "compute": ("Accuracy and forgetting beside compute", methods.compute),
    "table4_5": ("Tables 4 and 5: hyperparameters", settings.table4_5),
}
# Tables whose rows are of one training task and set of prompts.
BY_ROW = ("table2", "theorem61", "task_dependence")


def write(
    folder: Path,
    lookups: list[CellLookup],
    compared: list[ComparedNumber],
    contamination: Mapping[str, Pairs] | None = None,
) -> list[dict]:
    """Write every table of a scope into a folder, with `index.json` and `reading.md`, how to read them.

    Args:
        lookups: the cells of the models in scope.
        compared: rows of the scope's `compare.csv`.
        contamination: model -> (training task, benchmark) -> note, for contaminated pairs; None: none.

    Returns:
        The entries of the index (`index.write_all`).
    """

    def finished(make: Callable[[], Table]) -> Table:
        table = make()
        if table.columns and not table.readings():
            raise NotMeasuredError("nothing was measured")
        table = table.without_empty_columns()
        if len(lookups) == 1 and "model" in table.labels:
            table.title = heading(table.title, lookups[0])
        _mark(table, lookups, contamination or {})
        return table

    makers = {name: (title, partial(make, lookups)) for name, (title, make) in OF_CELLS.items()}
    makers["compare"] = ("The paper's numbers and ours", partial(settings.compare, compared))
    finishers = {name: (title, partial(finished, make)) for name, (title, make) in makers.items()}
    entries = write_all(folder, finishers, ("csv", "md"))
    rows = list(how_to_read(*lookups).items())
    write_text(
        folder / "reading.md", markdown_table.page("How to read the tables", ["What", "Meaning"], rows)
    )
    return entries


def _mark(table: Table, lookups: list[CellLookup], contamination: Mapping[str, Pairs]) -> None:
    """Mark the contaminated numbers of a table, and say why beneath."""
    for info in (lookup.info for lookup in lookups):
        pairs = contamination.get(info.model, {})
        entered = quantities(info.suite, pairs)
        places = {(None, column.key): pairs_of(column.key, entered) for column in table.columns}
        for place, (texts, _) in enumerate(table.rows):
            if texts.get("model") == info.model:
                places[place, None] = [pair for pair in pairs if _of_row(table.name, texts, pair, entered)]
        table.contaminated |= {place for place, marked in places.items() if marked}
        marked = {pair for pairs_there in places.values() for pair in pairs_there}
        table.notes += [footnote(info.model, pair, pairs[pair]) for pair in pairs if pair in marked]


def _of_row(name: str, texts: dict[str, str], pair: tuple[str, str], entered: dict) -> bool:
    """True if a row of a table is of a contaminated pair."""
    if name == "compare":
        return pair in pairs_of(texts["key"], entered)
    if name not in BY_ROW:
        return False
    task, benchmark = map(labels.benchmark, pair)
    trained = texts["train_task"]
    return task in trained.split(labels.WITH) and texts.get("prompts", trained) == benchmark
