"""Every table of a scope."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tms.experiments import labels
from tms.experiments.contamination_marks import Pairs, footnote, pairs_of, quantities
from tms.report.cell_lookup import Book, NotDrawnError
from tms.report.compared import Compared
from tms.report.index import drawn, not_drawn, write_index
from tms.report.tables import diagnoses, methods, settings, training
from tms.report.tables.table import Table

# Name -> title in the index, and the function that makes it.
OF_CELLS = {
    "frontier": ("The frontier control", diagnoses.frontier),
    "table1": ("Table 1: supervision mismatch along a long run", diagnoses.table1),
    "table2": ("Table 2: coverage and diversity of sampled answers", diagnoses.table2),
    "training": ("Training of the on-policy methods", training.training),
    "table3": ("Table 3: main results", methods.table3),
    "table6": ("Table 6: safety retention", methods.table6),
    "table7": ("Table 7: windows of checkpoints", methods.table7),
    "table9": ("Table 9: full results", methods.table9),
    "checkpoints": ("Figure 4's numbers", methods.checkpoints),
    "alpha": ("Probability of the teacher's answer", methods.alpha),
    "mixture": ("Mixtures and self-distillation (RQ4)", methods.mixture),
    "relations": ("Rank correlation of forgetting with divergences", diagnoses.relations),
    "bound": ("Theorem 6.1 as a measurement", diagnoses.bound),
    "task_dependence": ("Gain of TMS over SFT by target task (RQ5)", diagnoses.task_dependence),
    "compute": ("Accuracy and forgetting beside compute", methods.compute),
    "table4_5": ("Tables 4 and 5: hyperparameters", settings.table4_5),
}
ENDINGS = ("csv", "md")


# Tables whose rows are of one training task and set of prompts.
BY_ROW = ("table2", "bound", "task_dependence")


def write(
    folder: Path, book: Book, compared: list[Compared], touched: Mapping[str, Pairs] | None = None
) -> list[dict]:
    """Write every table of a scope into a folder, with `index.json`.

    Args:
        folder: made if it is missing.
        book: the cells of the models in scope.
        compared: rows of the scope's `compare.csv`.
        touched: model -> the pairs of training task and benchmark that contamination touches; None: none.

    Returns:
        The entries of the index: name, title, drawn, reason ("" where drawn), caption, files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {name: (title, partial(make, book)) for name, (title, make) in OF_CELLS.items()}
    made["compare"] = ("The paper's numbers and ours", partial(settings.compare, compared))
    entries = []
    for name, (title, make) in made.items():
        try:
            table = make().without_empty_columns()
            if table.columns and table.empty:
                raise NotDrawnError("nothing was measured")
        except NotDrawnError as reason:
            entries.append(not_drawn(folder, name, title, str(reason), ENDINGS))
            continue
        if len(book.subjects) == 1 and "model" in table.labels:
            seeds = labels.seeds(book.seeds(book.subjects[0].model))
            table.title += f" ({', '.join(filter(None, [book.subjects[0].model, seeds]))})"
        _mark(table, book, touched or {})
        table.save(folder)
        entries.append(drawn(name, table.title, " ".join(table.notes), ENDINGS))
    write_index(folder, entries)
    return entries


def _mark(table: Table, book: Book, touched: Mapping[str, Pairs]) -> None:
    """Mark what contamination touches in a table, and say why beneath."""
    for subject in book.subjects:
        pairs = touched.get(subject.model, {})
        entered = quantities(subject.suite, pairs)
        found: list[tuple[str, str]] = []
        for column in table.columns:
            own = pairs_of(column.key, entered)
            found += own
            table.touched |= {(None, column.key)} if own else set()
        for place, (texts, _) in enumerate(table.rows):
            if texts.get("model") != subject.model:
                continue
            own = [pair for pair in pairs if _of_row(table.name, texts, pair, entered)]
            found += own
            table.touched |= {(place, None)} if own else set()
        table.notes += [footnote(subject.model, pair, pairs[pair]) for pair in pairs if pair in found]


def _of_row(name: str, texts: dict[str, str], pair: tuple[str, str], entered: dict) -> bool:
    """Whether a row of a table is of a touched pair."""
    if name == "compare":
        return pair in pairs_of(texts["key"], entered)
    if name not in BY_ROW:
        return False
    task, benchmark = map(labels.benchmark, pair)
    return (texts["train_task"], texts.get("prompts", texts["train_task"])) == (task, benchmark)
