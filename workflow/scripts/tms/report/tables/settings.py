"""Tables 4 and 5, from the configuration, and the paper's numbers beside ours."""

from tms.experiments import labels as names
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.compared import ComparedNumber
from tms.report.precision import exact
from tms.report.tables.table import Column, Table

SETTINGS = {
    "tasks": "Targets",
    "learning_rate": "Learning rate",
    "batch_per_device": "Batch per device",
    "grad_accumulation": "Accumulation",
    "effective_batch": "Effective batch",
    "epochs": "Epochs",
    "warmup": "Warm-up",
    "tensor_parallel": "Cards that generate",
    "engine": "Engine",
}


def table4_5(lookups: list[CellLookup]) -> Table:
    """Tables 4 and 5: what training and inference are set to.

    Raises:
        NotMeasuredError: the flags hold no settings.
    """
    rows = []
    for lookup in lookups:
        for settings in lookup.info.settings:
            texts = {"model": lookup.info.model}
            for name in SETTINGS:
                value = settings.get(name, "")
                texts[name] = ", ".join(map(names.benchmark, value)) if name == "tasks" else _text(value)
            if not settings.get("tensor_parallel", 1):
                texts["tensor_parallel"] = "none"
            rows.append((texts, {}))
    if not rows:
        raise NotMeasuredError("no settings of a model were given")
    title = "Tables 4 and 5: hyperparameters of full fine-tuning, and cards that generate"
    scaled = {(name, share) for lookup in lookups for name, share in lookup.info.scales.items()}
    shares = ", ".join(
        f"{names.method(name)} {exact(share)}"
        for name, share in sorted(scaled, key=lambda pair: (-pair[1], pair[0]))
    )
    notes = [f"At a share of the learning rate: {shares}."] if shares else []
    return Table("table4_5", title, {"model": "Model"} | SETTINGS, [], rows, notes)


def _text(value: object) -> str:
    return exact(value) if isinstance(value, int | float) else str(value)


def compare(lines: list[ComparedNumber]) -> Table:
    """The paper's numbers beside ours, with whether the paper's lies in our interval.

    Raises:
        NotMeasuredError: the scope has no model of the paper.
    """
    if not lines:
        raise NotMeasuredError("no model in scope stands for one of the paper's")
    rows = []
    for line in lines:
        texts = {"model": line.model, "table": line.table.removeprefix("table").replace("_", ", ")}
        texts |= {"method": names.method(line.method) if line.method else ""}
        step = f", step {line.step}" if line.step else ""
        texts |= {
            "key": line.quantity,
            "quantity": names.quantity(line.quantity) + step,
            "inside": line.inside,
            "note": line.note,
        }
        apart = line.ours and line.ours.scaled(1, -line.paper)
        rows.append((texts, {"paper": Reading(line.paper), "ours": line.ours, "difference": apart}))
    labels = {"model": "Model", "table": "Table", "method": "Method", "quantity": "Quantity"}
    columns = [Column(name, name.capitalize(), "number") for name in ("paper", "ours", "difference")]
    labels |= {"inside": "Paper's in our interval", "note": "Note"}
    title = "The paper's numbers and ours: scores and changes in %"
    return Table("compare", title, labels, columns, rows)
