"""Tables of the diagnoses: Tables 1 and 2, frontier, Theorem 6.1, relations, RQ5."""

from tms.experiments import labels as names
from tms.report.cell_lookup import Book, Reading
from tms.report.gain import difference
from tms.report.tables.methods import having
from tms.report.tables.table import Column, Entry, Table

LOSSES = ["train_nll.per_token", "val_nll.per_token", "drift.per_token"]
DIVERSITY = {
    "pass_at_1": "share",
    "pass_at_k": "share",
    "sc_acc": "share",
    "ans_ent": "number",
    "coverage": "share",
    "coverage_n": "share",
    "distinct_right": "number",
    "mixed_classes": "number",
    "greedy": "share",
}
BOUND = ["left", "corollary", "bound", "tv_corollary", "tv_bound", "looseness"]


def table1(book: Book) -> Table:
    """Table 1: the long run of failure mode A, one row a checkpoint; the minimum is marked.

    Raises:
        NotDrawnError: no model has the experiment mismatch.
    """
    subjects = having(book, "mismatch")
    columns = [Column(name, names.quantity(name), "number") for name in LOSSES]
    columns.append(Column("target", "Target"))
    kept = dict.fromkeys(name for subject in subjects for name in subject.suite.retention)
    columns += [Column(name, names.benchmark(name)) for name in kept]
    rows = []
    for subject in subjects:
        for method in subject.experiments["mismatch"]:
            cells = book.cells(subject.model, "mismatch", "val_nll.per_token", method=method)
            for cell in sorted(cells, key=lambda cell: cell["x"]):
                task = cell["train_task"]
                where = {"train_task": task, "checkpoint": cell["checkpoint"]}
                entries = {
                    column.key: Entry(
                        book.reading(
                            subject.model,
                            "mismatch",
                            task if column.key == "target" else column.key,
                            method,
                            **where,
                        )
                    )
                    for column in columns
                }
                texts = {"model": subject.model, "method": names.method(method)}
                texts |= {"train_task": names.benchmark(task), "step": f"{cell['x']:g}"}
                rows.append((texts | {"note": cell["note"]}, entries))
    labels = {"model": "Model", "method": "Method", "train_task": "Trained on", "step": "Step"}
    title = "Table 1: supervision mismatch along a long run: NLL in nats per token, scores in %"
    return Table("table1", title, labels | {"note": "Held-out NLL"}, columns, rows)


def table2(book: Book) -> Table:
    """Table 2: coverage and diversity of the same samples, for each target.

    Raises:
        NotDrawnError: no model has the experiment diversity.
    """
    columns = [Column(name, names.quantity(name), unit) for name, unit in DIVERSITY.items()]
    rows = []
    for subject in having(book, "diversity"):
        for task in subject.suite.targets:
            for method in dict.fromkeys(["base", *subject.experiments["diversity"]]):
                found = {
                    name: book.reading(subject.model, "diversity", name, method, train_task=task)
                    for name in DIVERSITY
                }
                first = next((reading for reading in found.values() if reading), None)
                texts = {"model": subject.model, "train_task": names.benchmark(task)}
                texts |= {"method": names.method(method), "k": f"{first.x:g}" if first and first.x else ""}
                rows.append((texts, {name: Entry(reading) for name, reading in found.items()}))
    labels = {"model": "Model", "train_task": "Target", "method": "Method", "k": "K"}
    title = "Table 2: coverage and diversity of sampled answers: in %, entropy in nats"
    return Table("table2", title, labels, columns, rows)


def frontier(book: Book) -> Table:
    """The frontier control: every point on both halves, and which validation selects; then the areas.

    Raises:
        NotDrawnError: no model has the experiment frontier.
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
    rows, notes = [], []
    for subject in having(book, "frontier"):
        model = subject.model
        for side in ("base", "sft", "tms"):
            for cell in book.cells(model, "frontier", "target_mean", group=side, prompts="test"):
                where = {"checkpoint": cell["checkpoint"], "group": side}
                entries = {
                    column.key: Entry(
                        book.reading(model, "frontier", name, cell["method"], prompts=prompts, **where)
                    )
                    for column in columns
                    for name, _, prompts in [column.key.partition(".")]
                }
                texts = {"model": model, "side": names.method(side), "method": names.method(cell["method"])}
                texts |= {"checkpoint": cell["checkpoint"].replace("of", "/") or "end", "note": cell["note"]}
                rows.append((texts, entries))
        for side in ("sft", "tms"):
            entries = {
                column.key: Entry(
                    book.reading(model, "frontier", "area", side, prompts=column.key.partition(".")[2])
                )
                for column in areas
            }
            texts = {"model": model, "side": names.method(side), "method": "dominated area"}
            rows.append((texts | {"checkpoint": "", "note": ""}, entries))
        found = book.reading(model, "frontier", "area_difference", "tms", prompts="test")
        if found:
            p_value = "" if found.p_value is None else f", p = {found.p_value:.3g}"
            bounds = "" if found.low is None else f" [{found.low:.4g}, {found.high:.4g}]"
            notes.append(
                f"{model}: TMS's dominated area minus SFT's on test {found.value:.4g}{bounds}{p_value}."
            )
    labels = {
        "model": "Model",
        "side": "Side",
        "method": "Method",
        "checkpoint": "Checkpoint",
        "note": "Front",
    }
    title = "The frontier control: points on validation and test, in %"
    return Table("frontier", title, labels, columns + areas, rows, notes)


def bound(book: Book) -> Table:
    """Theorem 6.1: both sides for each method, target and set of prompts, and how loose the bound is.

    Raises:
        NotDrawnError: no model has cells of the bound.
    """
    columns = [Column(name, names.quantity(name), "number") for name in BOUND]
    rows = []
    for subject in having(book, "bound"):
        for cell in book.cells(subject.model, "bound", "left"):
            where = {"train_task": cell["train_task"], "prompts": cell["prompts"]}
            entries = {
                name: Entry(book.reading(subject.model, "bound", name, cell["method"], **where))
                for name in BOUND
            }
            texts = {"model": subject.model, "method": names.method(cell["method"])}
            texts |= {name: names.benchmark(value) for name, value in where.items()}
            rows.append((texts, entries))
    labels = {"model": "Model", "method": "Method", "train_task": "Trained on", "prompts": "Prompts"}
    title = "Theorem 6.1: change of score against its bounds: shares, KL in nats"
    notes = ["Looseness: corollary over left side; none where the left side is 0."]
    return Table("bound", title, labels, columns, rows, notes)


def relations(book: Book) -> Table:
    """Figure 2's rank correlations of forgetting with KL and PLD: all points, one target, without one method.

    Raises:
        NotDrawnError: no model has cells of the relations.
    """
    rows = []
    for subject in having(book, "relations"):
        for cell in book.matching(subject.model, "relations", "spearman"):
            kind, _, predictor = cell["quantity"].partition(".")
            task = cell["train_task"]
            ranked = f"{names.benchmark(task)} alone" if task else "ranked within each target"
            within = ranked if kind == "spearman_within" else "all"
            points = f"without {names.method(cell['method'])}" if cell["method"] else within
            texts = {"model": subject.model, "predictor": names.quantity(predictor)}
            texts |= {"prompts": names.benchmark(cell["prompts"]), "family": cell["group"], "points": points}
            rows.append((texts, {"rho": Entry(Reading.of(cell))}))
    labels = {"model": "Model", "predictor": "Predictor", "prompts": "Prompts", "family": "Family"}
    columns = [Column("rho", "Spearman ρ", "number")]
    title = "Rank correlation of forgetting with divergences"
    return Table(
        "relations",
        title,
        labels | {"points": "Points"},
        columns,
        rows,
        brackets="Brackets: 95 % bootstrap interval over methods.",
        counted="Points, each the runs of a method on a target",
    )


def task_dependence(book: Book) -> Table:
    """RQ5: TMS minus SFT of each target's own runs beside its number of distinct right answers.

    Raises:
        NotDrawnError: no model has both main and diversity.
    """
    columns = [
        Column("distinct_right", "Distinct right answers (base)", "number"),
        Column("target", "TMS − SFT, target (points)", "number"),
        Column("forgetting", "TMS − SFT, forgetting F (points)", "number"),
    ]
    rows = []
    for subject in having(book, "diversity", "main"):
        for task in subject.suite.targets:
            entries = {
                "distinct_right": book.reading(
                    subject.model, "diversity", "distinct_right", "base", train_task=task
                ),
                "target": difference(book, subject.model, "target", task, task),
                "forgetting": difference(book, subject.model, "forgetting", task),
            }
            texts = {"model": subject.model, "train_task": names.benchmark(task)}
            rows.append((texts, {name: Entry(reading) for name, reading in entries.items()}))
    labels = {"model": "Model", "train_task": "Target"}
    return Table("task_dependence", "Gain of TMS over SFT by target task, RQ5", labels, columns, rows)
