"""Tables of methods by their summaries: Tables 3, 6, 7 and 9, mixtures and sweeps."""

from tms.experiments import labels as names
from tms.report.cell_lookup import Book, NotDrawnError, Reading
from tms.report.model_info import ModelInfo
from tms.report.tables.table import Column, Entry, Table

LABELS = {"model": "Model", "method": "Method", "seeds": "Seeds"}
SUMMARY = ["target_mean", "xfer", "retention_mean", "forgetting", "retention_delta", "forgetting_floor"]
TARGET_COLUMNS = "A target's column comes from the runs on it; every other column is the mean over all runs."


def having(book: Book, *experiments: str) -> list[ModelInfo]:
    """The models that have all of these experiments.

    Raises:
        NotDrawnError: none has them, or none has measured cells of them; with the reason of the first.
    """
    found, reasons = [], []
    for subject in book.subjects:
        try:
            book.require(subject.model, *experiments)
            found.append(subject)
        except NotDrawnError as reason:
            reasons.append(reason)
    if not found:
        raise reasons[0]
    return found


def _columns(book: Book, quantities: list[str]) -> list[Column]:
    suite = book.subjects[0].suite
    return [Column(name, names.quantity(name, suite)) for name in dict.fromkeys(quantities)]


def _over(subjects: list[ModelInfo], part) -> list[str]:
    """The benchmarks of all models' suites, each once: `part` picks them from a suite."""
    return list(dict.fromkeys(name for subject in subjects for name in part(subject.suite)))


def _row(book, subject, experiment, method, columns, changed=(), train_task="") -> tuple[dict, dict]:
    """A row of a method's readings; those of the columns `changed` with their change from the base."""

    def reading(quantity: str) -> Reading | None:
        return book.reading(subject.model, experiment, quantity, method, train_task=train_task)

    entries = {
        column.key: Entry(
            reading(column.key), reading(f"delta.{column.key}") if column.key in changed else None
        )
        for column in columns
    }
    seeds = max((entry.reading.seeds or 0 for entry in entries.values() if entry.reading), default=0)
    texts = {"model": subject.model, "method": names.method(method), "seeds": str(seeds or "")}
    return texts, entries


def table3(book: Book) -> Table:
    """Table 3: targets, transfer, and retention with its change from the base.

    Raises:
        NotDrawnError: no model has the experiment main.
    """
    subjects = having(book, "main")
    kept = _over(subjects, lambda suite: suite.retention)
    targets = _over(subjects, lambda suite: [*suite.targets, *suite.views])
    columns = _columns(book, [*targets, "xfer", *kept, "forgetting"])
    rows = [
        _row(book, subject, "main", method, columns, changed=kept)
        for subject in subjects
        for method in ["base", *subject.experiments["main"]]
    ]
    title = "Table 3: target tasks, transfer to other targets, and retention, in %"
    return Table("table3", title, LABELS, columns, rows, [TARGET_COLUMNS])


def table9(book: Book) -> Table:
    """Table 9: the whole grid, with every benchmark's change, and a row for the runs on each target.

    Raises:
        NotDrawnError: no model has the experiment main.
    """
    subjects = having(book, "main")
    every = _over(subjects, lambda suite: suite.benchmarks)
    extended = ["forgetting_ext"] if any(subject.suite.safety for subject in subjects) else []
    columns = _columns(book, [*every, "target", *SUMMARY[:4], *extended, *SUMMARY[4:]])
    rows = []
    for subject in subjects:
        for method in ["base", *subject.experiments["main"]]:
            for task in ["", *subject.suite.targets]:
                texts, entries = _row(book, subject, "main", method, columns, every, task)
                if any(entry.reading for entry in entries.values()):
                    rows.append((texts | {"train_task": names.benchmark(task) if task else "all"}, entries))
    labels = {"model": "Model", "method": "Method", "train_task": "Trained on", "seeds": "Seeds"}
    title = "Table 9: every benchmark and summary, over all runs and for the runs on each target, in %"
    notes = [TARGET_COLUMNS, "The best are marked among the rows that are trained on the same."]
    return Table("table9", title, labels, columns, rows, notes)


def table6(book: Book) -> Table:
    """Table 6: safety; attack success is 1 - score, so lower is better.

    Raises:
        NotDrawnError: no suite in scope has safety sets, or no model has the experiment main.
    """
    subjects = [subject for subject in having(book, "main") if subject.suite.safety]
    if not subjects:
        suites = ", ".join(f"models.{subject.model}" for subject in book.subjects)
        raise NotDrawnError(f"the suite of {suites} has no safety benchmarks")
    safety = _over(subjects, lambda suite: suite.safety)
    kept = [name for name in _over(subjects, lambda suite: suite.retention) if name == "safetybench"]
    columns = _columns(book, kept)
    columns += [Column(f"{name}_asr", f"{names.benchmark(name)} ASR ↓") for name in safety]
    rows = []
    for subject in subjects:
        for method in ["base", *subject.experiments["main"]]:
            texts, entries = _row(book, subject, "main", method, _columns(book, [*kept, *safety]))
            for name in safety:
                found = entries.pop(name).reading
                entries[f"{name}_asr"] = Entry(found.scaled(-1, 1) if found else None)
            rows.append((texts, entries))
    title = "Table 6: safety retention; ASR: attack success rate (%), lower is better"
    return Table("table6", title, LABELS, columns, rows, ["ASR = 1 − score."])


def table7(book: Book) -> Table:
    """Table 7: windows of checkpoints, with retention, and compared at matched target accuracy (RQ9).

    Raises:
        NotDrawnError: no model has the experiment windows.
    """
    subjects = having(book, "windows")
    columns = _columns(book, ["target_mean", "xfer", "retention_mean", "forgetting"])
    matched = _columns(book, ["forgetting_matched", "retention_matched"])
    rows, notes = [], []
    for subject in subjects:
        for method in ["base", *subject.experiments["windows"]]:
            texts, entries = _row(book, subject, "windows", method, columns)
            for column in matched:
                cells = book.cells(subject.model, "frontier", column.key, method=method, group="windows")
                entries[column.key] = Entry(Reading.of(cells[0]) if cells else None)
                if cells and cells[0]["x"] is not None:
                    notes.append(f"Matched target accuracy of {subject.model}: {100 * cells[0]['x']:.1f} %.")
            rows.append((texts, entries))
    if any(entries[column.key].reading for _, entries in rows for column in matched):
        notes.append(
            "Matched values are not measured at that accuracy but interpolated, linearly between theta_0 and "
            "the checkpoints that the runs of all windows share."
        )
    title = "Table 7: windows of checkpoints, in %"
    return Table("table7", title, LABELS, columns + matched, rows, list(dict.fromkeys(notes)))


def _sweep(book: Book, experiment: str, name: str, title: str, setting: str) -> Table:
    """Summaries along a setting."""
    subjects = having(book, experiment)
    columns = _columns(book, SUMMARY[:4])
    rows = []
    for subject in subjects:
        for method in ["base", *subject.experiments[experiment]]:
            texts, entries = _row(book, subject, experiment, method, columns)
            found = book.reading(subject.model, experiment, "target_mean", method)
            x = f"{found.x:g}" if found and found.x is not None else ""
            rows.append((texts | {"setting": x}, entries))
    labels = {"model": "Model", "method": "Method", "setting": setting, "seeds": "Seeds"}
    return Table(name, title, labels, columns, rows)


def checkpoints(book: Book) -> Table:
    """The numbers of Figure 4: the sweep over the number of checkpoints T.

    Raises:
        NotDrawnError: no model has the experiment checkpoints.
    """
    return _sweep(book, "checkpoints", "checkpoints", "Figure 4's numbers: checkpoints T, in %", "T")


def alpha(book: Book) -> Table:
    """The sweep over alpha.

    Raises:
        NotDrawnError: no model has the experiment alpha.
    """
    return _sweep(book, "alpha", "alpha", "Probability α of the teacher's answer, in %", "α")


def mixture(book: Book) -> Table:
    """RQ4: mixtures beside self-distillation; marks are those of each method's own experiment.

    Raises:
        NotDrawnError: no model has the experiment mixture.
    """
    subjects = having(book, "mixture")
    columns = _columns(book, SUMMARY[:4])
    rows = [
        _row(book, subject, experiment, method, columns)
        for subject in subjects
        for method, experiment in book.measured(subject.model, ("main", "mixture")).items()
    ]
    notes = ["The rows are of two experiments (main, mixture); the best is marked in each."]
    return Table("mixture", "Mixtures and self-distillation, RQ4, in %", LABELS, columns, rows, notes)


def compute(book: Book) -> Table:
    """Accuracy and forgetting beside what each method costs, with all that it depends on.

    Raises:
        NotDrawnError: no model has the experiment main.
    """
    subjects = having(book, "main")
    costs = ("optimizer_steps", "trained_tokens", "rollouts", "generated_tokens", "seconds")
    spent = [Column(f"cost.{name}", names.quantity(f"cost.{name}"), "count") for name in costs]
    columns = [*_columns(book, ["target_mean", "forgetting"]), *spent]
    rows = [
        _row(book, subject, experiment, method, columns)
        for subject in subjects
        for method, experiment in book.measured(subject.model, ("main", "mixture")).items()
    ]
    notes = [
        "Cost of everything that a method depends on, for all target tasks and one seed. Rollouts: sampled "
        "completions, the teacher's and the harvest's too."
    ]
    return Table("compute", "Accuracy and forgetting beside compute", LABELS, columns, rows, notes)
