"""Tables of the diagnoses: Tables 1 and 2, frontier, Theorem 6.1, correlations, RQ5."""

from dataclasses import replace

from tms.experiments import labels as names
from tms.metrics.cost_table import WORK
from tms.report.cell_lookup import CellLookup, Reading
from tms.report.frontier_sides import differences, from_sft, sides, whose
from tms.report.gain import difference
from tms.report.precision import exact, p_words
from tms.report.research_questions.contrasts import Contrast
from tms.report.research_questions.mechanism import distinct_solutions, not_tested
from tms.report.tables.methods import having, led
from tms.report.tables.table import Column, Table, written

LOSSES = ["train_nll.per_token", "val_nll.per_token", "drift.per_token"]
DIVERSITY = {
    "pass_at_1": "share",
    "pass_at_k": "share",
    "sc_acc": "share",
    "ans_ent": "number",
    "coverage": "share",
    "coverage_n": "share",
    "distinct_solutions": "number",
    "mixed_classes": "number",
    "greedy": "share",
}
# Work behind a setting, with everything that it depends on.
COSTS = [
    Column(f"cost.{name}", names.quantity(f"cost.{name}"), "count") for name in WORK if name != "rollouts"
]
BOUND = ["left", "corollary", "bound", "tv_corollary", "tv_bound", "looseness"]


def table1(lookups: list[CellLookup]) -> Table:
    """Table 1: the long run of failure mode A, one row a checkpoint; the minimum is marked.

    Raises:
        NotMeasuredError: no model has the experiment mismatch.
    """
    lookups = having(lookups, "mismatch")
    columns = [Column(name, names.quantity(name), "number") for name in LOSSES]
    columns.append(Column("target", "Target"))
    suites = [lookup.info.suite for lookup in lookups]
    kept = dict.fromkeys(name for suite in suites for name in [*suite.mixed_tasks, *suite.retention])
    columns += [Column(name, names.benchmark(name)) for name in kept]
    rows = []
    for lookup in lookups:
        for method in lookup.info.experiments["mismatch"]:
            cells = lookup.cells("mismatch", "val_nll.per_token", method=method)
            for cell in sorted(cells, key=lambda cell: cell["x"]):
                task = cell["train_task"]
                where = {"train_task": task, "checkpoint": cell["checkpoint"]}
                sources = {column.key: column.key for column in columns} | {"target": task}
                readings = {
                    key: lookup.reading("mismatch", quantity, method, **where)
                    for key, quantity in sources.items()
                }
                texts = {"model": lookup.info.model, "method": names.method(method)}
                texts |= {"train_task": names.benchmark(task), "step": exact(cell["x"])}
                rows.append((texts | {"note": cell["note"]}, readings))
    labels = {"model": "Model", "method": "Method", "train_task": "Trained on", "step": "Step"}
    title = "Table 1: supervision mismatch along a long run: NLL in nats per token, scores in %"
    return Table("table1", title, labels | {"note": "Note"}, columns, rows)


def table2(lookups: list[CellLookup]) -> Table:
    """Table 2: coverage and diversity of the same samples, for each target.

    Raises:
        NotMeasuredError: no model has the experiment diversity.
    """
    columns = [Column(name, names.quantity(name), unit) for name, unit in DIVERSITY.items()]
    rows = []
    for lookup in having(lookups, "diversity"):
        for task in lookup.info.suite.target_tasks:
            for method in led(lookup.info.experiments["diversity"]):
                readings = {
                    name: lookup.reading("diversity", name, method, train_task=task) for name in DIVERSITY
                }
                first = next((reading for reading in readings.values() if reading), None)
                texts = {"model": lookup.info.model, "train_task": names.benchmark(task)}
                texts |= {"method": names.method(method), "k": exact(first.x) if first and first.x else ""}
                rows.append((texts, readings))
    labels = {"model": "Model", "train_task": "Target", "method": "Method", "k": "K"}
    title = "Table 2: coverage and diversity of sampled answers: in %, entropy in nats"
    return Table("table2", title, labels, columns, rows)


def frontier(lookups: list[CellLookup]) -> Table:
    """The frontier control: every point on both halves, and which validation selects; then the areas.

    Raises:
        NotMeasuredError: no model has the experiment frontier.
    """
    columns = [
        Column(f"{name}.{prompts}", f"{names.quantity(name)}, {prompts}")
        for prompts in ("validation", "test")
        for name in ("target_mean", "forgetting")
    ]
    areas = [
        Column(f"area.{prompts}", f"Dominated area, {prompts}", "number")
        for prompts in ("validation", "test")
    ]
    moved = [Column(name, names.quantity(name)) for name in ("update.changed", "update.surviving")]
    rows, notes = [], []
    for lookup in having(lookups, "frontier"):
        model = lookup.info.model
        for side in ("base", *sides(lookup)):
            for cell in lookup.cells("frontier", "target_mean", group=side, prompts="test"):
                where = {"checkpoint": cell["checkpoint"], "group": side}
                readings = {
                    column.key: lookup.reading("frontier", name, cell["method"], prompts=prompts, **where)
                    for column in columns
                    for name, _, prompts in [column.key.partition(".")]
                }
                readings |= {
                    column.key: lookup.reading("frontier", column.key, cell["method"], **where)
                    for column in moved
                }
                if side != "base":
                    readings |= {
                        one.key: lookup.reading("frontier", one.key, cell["method"]) for one in COSTS
                    }
                texts = {"model": model, "side": names.method(side), "method": names.method(cell["method"])}
                texts |= {"checkpoint": cell["checkpoint"].replace("of", "/") or "end", "note": cell["note"]}
                rows.append((texts, readings))
        for side in sides(lookup):
            readings = {
                column.key: lookup.reading("frontier", "area", side, prompts=column.key.partition(".")[2])
                for column in areas
            }
            readings |= {one.key: lookup.reading("frontier", f"side_{one.key}", side) for one in COSTS}
            texts = {"model": model, "side": names.method(side), "method": "dominated area; cost of all"}
            rows.append((texts | {"checkpoint": "", "note": ""}, readings))
        compared = [("tms", rival, gain) for rival, gain in differences(lookup).items()]
        compared += [(side, "sft", gain) for side, gain in from_sft(lookup).items()]
        for one, other, gain in compared:
            both = Contrast.difference("", gain)
            over = "over examples and seeds" if both.over_seeds else "over examples"
            told = f"{written(replace(both, mark=''), 'number')} {over}, {p_words(both.p_value)}, uncorrected"
            whole = whose(one)[:1].upper() + whose(one)[1:]
            notes.append(f"{model}: {whole} dominated area minus {whose(other)} on test {told}.")
    labels = {
        "model": "Model",
        "side": "Side",
        "method": "Method",
        "checkpoint": "Checkpoint",
        "note": "Front",
    }
    title = "The frontier control: points on validation and test, in %"
    return Table("frontier", title, labels, columns + areas + moved + COSTS, rows, notes)


def theorem61(lookups: list[CellLookup]) -> Table:
    """Theorem 6.1: both sides for each method, target and set of prompts, and how loose the bound is.

    Raises:
        NotMeasuredError: no model has cells of the bound.
    """
    columns = [Column(name, names.quantity(name), "number") for name in BOUND]
    rows = []
    for lookup in having(lookups, "theorem61"):
        for cell in lookup.cells("theorem61", "left"):
            where = {"train_task": cell["train_task"], "prompts": cell["prompts"]}
            readings = {name: lookup.reading("theorem61", name, cell["method"], **where) for name in BOUND}
            texts = {"model": lookup.info.model, "method": names.method(cell["method"])}
            texts |= {name: names.benchmark(value) for name, value in where.items()}
            rows.append((texts, readings))
    labels = {"model": "Model", "method": "Method", "train_task": "Trained on", "prompts": "Prompts"}
    title = "Theorem 6.1: change of score against its bounds: shares, KL in nats"
    notes = ["Looseness: corollary over left side; none where the left side is 0."]
    return Table("theorem61", title, labels, columns, rows, notes)


def correlations(lookups: list[CellLookup]) -> Table:
    """Figure 2's rank correlations of forgetting with KL and PLD: all points, and within the targets.

    With a single target the latter are the former.

    Raises:
        NotMeasuredError: no model has cells of the correlations.
    """
    rows = []
    for lookup in having(lookups, "correlations"):
        one_target = len(lookup.info.suite.targets) == 1
        for name in lookup.quantities("correlations", "spearman"):
            kind, _, predictor = name.partition(".")
            if kind == "spearman_within" and one_target:
                continue
            for cell in lookup.cells("correlations", name, method=""):
                task = cell["train_task"]
                ranked = f"{names.benchmark(task)} alone" if task else "ranked within each target"
                texts = {"model": lookup.info.model, "predictor": names.quantity(predictor)}
                texts |= {"prompts": names.benchmark(cell["prompts"]), "family": cell["group"]}
                texts |= {"points": ranked if kind == "spearman_within" else "all"}
                same = {"group": cell["group"], "prompts": cell["prompts"], "train_task": task}
                rows.append((texts, _correlation(cell, lookup.cells("correlations", name, **same))))
    labels = {"model": "Model", "predictor": "Predictor", "prompts": "Prompts", "family": "Family"}
    columns = [
        Column("rho", "Spearman ρ", "number"),
        Column("p", "p", "p"),
        Column("lowest", "Lowest without one recipe", "number"),
        Column("highest", "Highest without one recipe", "number"),
    ]
    notes = [
        "An association over recipes, with its bootstrap interval over them: what moves both, such as the "
        "learning rate, makes one. p: permutation test, not corrected for the others here.",
    ]
    return Table(
        "correlations",
        "Rank correlation of forgetting with divergences",
        labels | {"points": "Points"},
        columns,
        rows,
        notes=notes,
        counted="Points, each the runs of a recipe on a target",
    )


def _correlation(cell: dict, cells: list[dict]) -> dict[str, Reading | None]:
    """A correlation with its p-value, and its range over the cells that each lack one recipe."""
    rho, without = Reading.of(cell), [one["value"] for one in cells if one["method"]]
    return {
        "rho": rho,
        "p": None if rho.p_value is None else Reading(rho.p_value),
        "lowest": Reading(min(without), n=rho.n) if without else None,
        "highest": Reading(max(without), n=rho.n) if without else None,
    }


def task_dependence(lookups: list[CellLookup]) -> Table:
    """RQ5: TMS minus SFT of each target's own runs beside its number of distinct right solutions.

    Raises:
        NotMeasuredError: no model has both main and diversity.
    """
    columns = [
        Column("distinct_solutions", "Distinct right solutions of a prompt that the base solves", "number"),
        Column("target", "TMS − SFT, target (points)", "number"),
        Column("forgetting", "TMS − SFT, forgetting F (points)", "number"),
    ]
    rows, notes = [], []
    for lookup in having(lookups, "diversity", "main"):
        before = len(rows)
        for task in lookup.info.suite.targets:
            readings = {
                "distinct_solutions": distinct_solutions(lookup, task),
                "target": difference(lookup, "target", task, task),
                "forgetting": difference(lookup, "forgetting", task),
            }
            texts = {"model": lookup.info.model, "train_task": names.benchmark(task)}
            rows.append((texts, readings))
        notes.append(not_tested(sum(all(readings.values()) for _, readings in rows[before:])))
    labels = {"model": "Model", "train_task": "Target"}
    title, notes = "Gain of TMS over SFT by target task, RQ5", [*filter(None, dict.fromkeys(notes))]
    return Table("task_dependence", title, labels, columns, rows, notes)
