"""Every table of a scope."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tms.drawing import names, tables_diagnoses, tables_methods, tables_settings, tables_training
from tms.drawing.book import Book, NotDrawnError
from tms.drawing.compared import Compared
from tms.drawing.index import drawn, not_drawn, write_index
from tms.drawing.table import Table
from tms.drawing.touched import Pairs, footnote, pairs_of, quantities

# Name -> title in the index, and the function that makes it.
OF_CELLS = {
    "frontier": ("The frontier control", tables_diagnoses.frontier),
    "table1": ("Table 1: supervision mismatch along a long run", tables_diagnoses.table1),
    "table2": ("Table 2: coverage and diversity of sampled answers", tables_diagnoses.table2),
    "training": ("Training of the on-policy methods", tables_training.training),
    "table3": ("Table 3: main results", tables_methods.table3),
    "table6": ("Table 6: safety retention", tables_methods.table6),
    "table7": ("Table 7: windows of checkpoints", tables_methods.table7),
    "table9": ("Table 9: full results", tables_methods.table9),
    "checkpoints": ("Figure 4's numbers", tables_methods.checkpoints),
    "alpha": ("Probability of the teacher's answer", tables_methods.alpha),
    "mixture": ("Mixtures and self-distillation (RQ4)", tables_methods.mixture),
    "relations": ("Rank correlation of forgetting with divergences", tables_diagnoses.relations),
    "bound": ("Theorem 6.1 as a measurement", tables_diagnoses.bound),
    "task_dependence": ("Gain of TMS over SFT by target task (RQ5)", tables_diagnoses.task_dependence),
    "compute": ("Accuracy and forgetting beside compute", tables_methods.compute),
    "table4_5": ("Tables 4 and 5: hyperparameters", tables_settings.table4_5),
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
    made["compare"] = ("The paper's numbers and ours", partial(tables_settings.compare, compared))
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
            seeds = names.seeds(book.seeds(book.subjects[0].model))
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
    task, benchmark = map(names.benchmark, pair)
    return (texts["train_task"], texts.get("prompts", texts["train_task"])) == (task, benchmark)
