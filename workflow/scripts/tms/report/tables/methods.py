"""Tables of methods by their summaries: Tables 3, 6, 7 and 9, mixtures and sweeps."""

from collections.abc import Iterable
from dataclasses import replace

from tms.experiments import labels as names
from tms.metrics.cost_table import WORK
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.model_info import LEADING
from tms.report.precision import exact, rounded
from tms.report.tables.table import Column, Table

LABELS = {"model": "Model", "method": "Method", "seeds": "Seeds"}
SUMMARY = ["target_mean", "forgetting", "xfer", "retention_mean", "retention_delta", "forgetting_floor"]
TARGET_COLUMNS = "A target's column comes from the runs on it; every other column is the mean over all runs."


def led(methods: Iterable[str]) -> list[str]:
    """The base and methods, each once: the base, SFT and TMS first."""
    named = ["base", *methods]
    return list(dict.fromkeys([*(name for name in LEADING if name in named), *named]))


def having(lookups: list[CellLookup], *experiments: str) -> list[CellLookup]:
    """The models that have all of these experiments.

    Raises:
        NotMeasuredError: none has them, or none has measured cells of them; with the reason of the first.
    """
    chosen, reasons = [], []
    for lookup in lookups:
        try:
            lookup.require(*experiments)
            chosen.append(lookup)
        except NotMeasuredError as reason:
            reasons.append(reason)
    if not chosen:
        raise reasons[0]
    return chosen


def _columns(lookups: list[CellLookup], quantities: list[str]) -> list[Column]:
    suite = lookups[0].info.suite
    return [Column(name, names.quantity(name, suite)) for name in dict.fromkeys(quantities)]


def _over(lookups: list[CellLookup], part) -> list[str]:
    """The benchmarks of all models' suites, each once: `part` picks them from a suite."""
    return list(dict.fromkeys(name for lookup in lookups for name in part(lookup.info.suite)))


def _row(lookup, experiment, method, columns, changed=(), train_task="") -> tuple[dict, dict]:
    """A row of a method's readings; those of the columns `changed` with their change from the base."""

    def reading(quantity: str) -> Reading | None:
        return lookup.reading(experiment, quantity, method, train_task=train_task)

    readings = {column.key: reading(column.key) for column in columns}
    for name in changed:
        if readings[name]:
            readings[name] = replace(readings[name], delta=reading(f"delta.{name}"))
    seeds = max((reading.seeds or 0 for reading in readings.values() if reading), default=0)
    texts = {"model": lookup.info.model, "method": names.method(method), "seeds": str(seeds or "")}
    return texts, readings


def rows_of_main(
    lookups: list[CellLookup], columns: list[Column], changed: Iterable[str] = ()
) -> list[tuple[dict[str, str], dict[str, Reading | None]]]:
    """A row of each method of the experiment main, for all runs.

    Args:
        lookups: the cells of the models in scope.
        columns: which quantities.
        changed: columns that have their change from the base, too.
    """
    return [
        _row(lookup, "main", method, columns, changed)
        for lookup in lookups
        for method in led(lookup.info.experiments["main"])
    ]


def table3(lookups: list[CellLookup]) -> Table:
    """Table 3: targets, transfer, and retention with its change from the base.

    Raises:
        NotMeasuredError: no model has the experiment main.
    """
    lookups = having(lookups, "main")
    kept = _over(lookups, lambda suite: suite.retention)
    targets = _over(lookups, lambda suite: [*suite.target_tasks, *suite.views])
    columns = _columns(lookups, [*targets, "forgetting", "xfer", *kept])
    rows = rows_of_main(lookups, columns, changed=kept)
    title = "Table 3: target tasks, transfer to other targets, and retention, in %"
    return Table("table3", title, LABELS, columns, rows, [TARGET_COLUMNS])


def table8(lookups: list[CellLookup]) -> Table:
    """Table 8: the pilots: their targets, and what is lost elsewhere.

    Raises:
        NotMeasuredError: no suite in scope is a pilot, or no model has the experiment main.
    """
    suites = ", ".join(f"models.{lookup.info.model}" for lookup in lookups)
    lookups = [lookup for lookup in having(lookups, "main") if lookup.info.suite.pilot]
    if not lookups:
        raise NotMeasuredError(f"the suite of {suites} is no pilot")
    targets = _over(lookups, lambda suite: suite.target_tasks)
    columns = _columns(lookups, [*targets, "xfer", "forgetting", "retention_mean"])
    rows = rows_of_main(lookups, columns)
    title = "Table 8: the pilots, tool use and images, and what is lost elsewhere, in %"
    notes = [
        TARGET_COLUMNS,
        "The paper's cross-task drop is over targets that these models are not trained on.",
    ]
    return Table("table8", title, LABELS, columns, rows, notes)


def table9(lookups: list[CellLookup]) -> Table:
    """Table 9: the whole grid, with every benchmark's change, and a row for the runs on each target.

    Raises:
        NotMeasuredError: no model has the experiment main.
    """
    lookups = having(lookups, "main")
    every = _over(lookups, lambda suite: suite.benchmarks)
    extended = ["forgetting_ext"] if any(lookup.info.suite.safety for lookup in lookups) else []
    columns = _columns(lookups, ["target", *SUMMARY[:2], *extended, *SUMMARY[2:], *every])
    rows = []
    for lookup in lookups:
        for method in led(lookup.info.experiments["main"]):
            for task in ["", *lookup.info.suite.targets]:
                texts, readings = _row(lookup, "main", method, columns, every, task)
                if any(readings.values()):
                    rows.append((texts | {"train_task": names.benchmark(task) if task else "all"}, readings))
    labels = {"model": "Model", "method": "Method", "train_task": "Trained on", "seeds": "Seeds"}
    title = "Table 9: every benchmark and summary, over all runs and for the runs on each target, in %"
    notes = [TARGET_COLUMNS, "The best are marked among the rows that are trained on the same."]
    return Table("table9", title, labels, columns, rows, notes)


def table6(lookups: list[CellLookup]) -> Table:
    """Table 6: safety; attack success is 1 - score, so lower is better.

    Raises:
        NotMeasuredError: no suite in scope has safety sets, or no model has the experiment main.
    """
    suites = ", ".join(f"models.{lookup.info.model}" for lookup in lookups)
    lookups = [lookup for lookup in having(lookups, "main") if lookup.info.suite.safety]
    if not lookups:
        raise NotMeasuredError(f"the suite of {suites} has no safety benchmarks")
    safety = _over(lookups, lambda suite: suite.safety)
    kept = [name for name in _over(lookups, lambda suite: suite.retention) if name == "safetybench"]
    columns = _columns(lookups, kept)
    columns += [Column(f"{name}_asr", f"{names.benchmark(name)} ASR ↓") for name in safety]
    rows = []
    for lookup in lookups:
        for method in led(lookup.info.experiments["main"]):
            texts, readings = _row(lookup, "main", method, _columns(lookups, [*kept, *safety]))
            for name in safety:
                score = readings.pop(name)
                readings[f"{name}_asr"] = score and score.scaled(-1, 1)
            rows.append((texts, readings))
    title = "Table 6: safety retention; ASR: attack success rate (%), lower is better"
    return Table("table6", title, LABELS, columns, rows, ["ASR = 1 − score."])


def table7(lookups: list[CellLookup]) -> Table:
    """Table 7: windows of checkpoints, with retention, and compared at matched target accuracy (RQ9).

    Raises:
        NotMeasuredError: no model has the experiment windows.
    """
    lookups = having(lookups, "windows")
    columns = _columns(lookups, SUMMARY[:4])
    matched = _columns(lookups, ["forgetting_matched", "retention_matched"])
    rows, notes = [], []
    for lookup in lookups:
        for method in led(lookup.info.experiments["windows"]):
            texts, readings = _row(lookup, "windows", method, columns)
            for name in (column.key for column in matched):
                readings[name] = reading = lookup.reading("frontier", name, method, group="windows")
                if reading and reading.x is not None:
                    accuracy = rounded(Reading(reading.x), "share").value
                    notes.append(f"Matched target accuracy of {lookup.info.model}: {accuracy} %.")
            rows.append((texts, readings))
    if any(readings[column.key] for _, readings in rows for column in matched):
        notes.append(
            "Matched values are not measured at that accuracy but interpolated, linearly between theta_0 and "
            "the checkpoints that the runs of all windows share."
        )
    title = "Table 7: windows of checkpoints, in %"
    return Table("table7", title, LABELS, columns + matched, rows, list(dict.fromkeys(notes)))


def _sweep(lookups: list[CellLookup], experiment: str, name: str, title: str, setting: str) -> Table:
    """Summaries along a setting."""
    lookups = having(lookups, experiment)
    columns = _columns(lookups, SUMMARY[:4])
    rows = []
    for lookup in lookups:
        for method in led(lookup.info.experiments[experiment]):
            texts, readings = _row(lookup, experiment, method, columns)
            mean = readings["target_mean"]
            x = exact(mean.x) if mean and mean.x is not None else ""
            rows.append((texts | {"setting": x}, readings))
    labels = {"model": "Model", "method": "Method", "setting": setting, "seeds": "Seeds"}
    return Table(name, title, labels, columns, rows)


def checkpoints(lookups: list[CellLookup]) -> Table:
    """The numbers of Figure 4: the sweep over the number of checkpoints T.

    Raises:
        NotMeasuredError: no model has the experiment checkpoints.
    """
    return _sweep(lookups, "checkpoints", "checkpoints", "Figure 4's numbers: checkpoints T, in %", "T")


def alpha(lookups: list[CellLookup]) -> Table:
    """The sweep over alpha.

    Raises:
        NotMeasuredError: no model has the experiment alpha.
    """
    return _sweep(lookups, "alpha", "alpha", "Probability α of the teacher's answer, in %", "α")


def averages(lookups: list[CellLookup]) -> Table:
    """Averages of the base's weights with a run's, by the run's share.

    Raises:
        NotMeasuredError: no model has the experiment averages.
    """
    return _sweep(lookups, "averages", "averages", "The base's weights averaged with a run's, in %", "Share")


def rivals(lookups: list[CellLookup]) -> Table:
    """Further methods that keep skills, beside SFT and TMS.

    Raises:
        NotMeasuredError: no model has the experiment rivals.
    """
    lookups = having(lookups, "rivals")
    columns = _columns(lookups, SUMMARY[:4])
    rows = [
        _row(lookup, "rivals", method, columns)
        for lookup in lookups
        for method in led(lookup.info.experiments["rivals"])
    ]
    return Table("rivals", "What else keeps skills, in %", LABELS, columns, rows)


def _of_both(lookups: list[CellLookup], columns: list[Column]) -> list[tuple[dict, dict]]:
    """A row of each method of main and mixture, from the first of them that has it."""
    rows = []
    for lookup in lookups:
        places = lookup.summarised(("main", "mixture"))
        rows += [_row(lookup, places[method], method, columns) for method in led(places)]
    return rows


def mixture(lookups: list[CellLookup]) -> Table:
    """RQ4: mixtures beside self-distillation; marks are those of each method's own experiment.

    Raises:
        NotMeasuredError: no model has the experiment mixture.
    """
    lookups = having(lookups, "mixture")
    columns = _columns(lookups, SUMMARY[:4])
    rows = _of_both(lookups, columns)
    notes = ["The rows are of two experiments (main, mixture); the best is marked in each."]
    return Table("mixture", "Mixtures and self-distillation, RQ4, in %", LABELS, columns, rows, notes)


def compute(lookups: list[CellLookup]) -> Table:
    """Accuracy and forgetting beside what each method costs, with all that it depends on.

    Raises:
        NotMeasuredError: no model has the experiment main.
    """
    lookups = having(lookups, "main")
    spent = [Column(f"cost.{name}", names.quantity(f"cost.{name}"), "count") for name in WORK]
    columns = [*_columns(lookups, ["target_mean", "forgetting"]), *spent]
    rows = _of_both(lookups, columns)
    notes = [
        "Cost of everything that a method depends on, for all target tasks and one seed. Rollouts: sampled "
        "completions, the teacher's and the harvest's too. A frozen model's tokens: trained tokens whose "
        "distribution the base or a teacher gave, too (KL, distillation)."
    ]
    return Table("compute", "Accuracy and forgetting beside compute", LABELS, columns, rows, notes)
