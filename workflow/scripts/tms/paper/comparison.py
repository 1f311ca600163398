"""The paper's numbers beside ours: difference, and whether the paper's lies in our interval."""

from collections.abc import Mapping

from tms.config.suite import Suite
from tms.experiments.cells import select
from tms.experiments.contamination_marks import Pairs, footnote, pairs_of, quantities
from tms.metrics.two_sources import TwoSources
from tms.paper.numbers import AT_STEP, MODELS, Printed

COLUMNS = ["model", "table", "method", "quantity", "paper", "ours"]
COLUMNS += ["ci_low", "ci_high", "difference", "inside", "note"]
YES, NO, NOT_MEASURED = "yes", "no", "not measured"
# What `paper_literal` calls a task that it trains on as the paper prints it.
LITERAL = "{}_literal"


def compare(
    printed: list[Printed],
    cells: list[dict],
    models: Mapping[str, str],
    settings: Mapping[tuple[str, str], float],
) -> list[dict]:
    """One row for each number of the paper and each model of ours that stands for the paper's.

    A number of a model that none of ours stands for keeps its row, under the paper's name. Columns are
    `COLUMNS`; shares and signs those of the cells; numbers are not rounded, and None where there is none.

    Args:
        printed: the paper's numbers.
        cells: ours, of all models and experiments (`parquet.CELLS`).
        models: our model -> the model of `numbers.MODELS` that it stands for.
        settings: (our model, setting of Table 4 or 5) -> value.
    """
    steps = sorted({number.step for number in printed if number.step is not None})
    rows = []
    for number in printed:
        ours = [model for model, theirs in models.items() if theirs == number.model]
        rows += [_row(number, model, cells, settings, steps) for model in ours]
        if not ours:
            known = number.model in MODELS
            reason = f"no model of table.models stands for {number.model}" if known else ""
            rows.append(_missing(number, number.model, reason))
    return rows


def _row(number: Printed, model: str, cells: list[dict], settings: Mapping, steps: list[int]) -> dict:
    """The row of one number for one model of ours."""
    if number.table == "table4_5":
        ours = settings.get((model, number.quantity))
        if ours is None:
            return _missing(number, model, f"models.{model} leaves it open")
        return _line(number, model, ours, None, None, ours == number.value, "a setting: equal or not")
    if not number.experiment:
        return _missing(number, model, "")
    cell, reason = find(number, model, cells, steps)
    if cell is None:
        return _missing(number, model, reason)
    low, high, kind = interval(cell)
    ours, note = cell["value"], "; ".join(filter(None, [reason, cell["note"]]))
    if number.complement:
        ours = 1 - ours
        low, high = (None, None) if low is None else (1 - high, 1 - low)
    inside = None if low is None else low <= number.value <= high
    return _line(number, model, ours, low, high, inside, "; ".join(filter(None, [kind, note])))


def noted(rows: list[dict], suites: Mapping[str, Suite], contamination: Mapping[str, Pairs]) -> list[dict]:
    """The rows with a note on each number of ours that contamination touches.

    Args:
        rows: of `compare`.
        suites: our model -> its suite.
        contamination: our model -> (training task, benchmark) -> note, for contaminated pairs.
    """
    lines = []
    for row in rows:
        pairs = contamination.get(row["model"], {})
        said = []
        if pairs and row["ours"] is not None:
            entered = quantities(suites[row["model"]], pairs)
            contaminated = pairs_of(row["quantity"].partition(AT_STEP)[0], entered)
            said = [footnote("", pair, pairs[pair]) for pair in contaminated]
        lines.append(row | {"note": "; ".join(filter(None, [row["note"], *said]))})
    return lines


def find(number: Printed, model: str, cells: list[dict], steps: list[int]) -> tuple[dict | None, str]:
    """Our cell for a number of the paper, with a remark on it; or None, with the reason that there is none.

    Of a long run, the cell at the step nearest to the printed one counts, if no other of the printed `steps`
    is nearer to it: a run of 60 steps has nothing to say about step 5,000.
    """
    of_experiment = select(cells, model=model, experiment=number.experiment)
    if not of_experiment:
        return None, f"{model} has no experiment {number.experiment}"
    method, quantity = number.where["method"], number.where["quantity"]
    of_method = [cell for cell in of_experiment if cell["method"] == method]
    if not of_method:
        return None, f"{model} has no method {method} in experiment {number.experiment}"
    task = number.where["train_task"]
    chosen = [
        cell
        for cell in of_method
        if cell["train_task"] == task and cell["quantity"] in (quantity, LITERAL.format(quantity))
    ]
    if not chosen:
        trained = f" of a run trained on {task}" if task else ""
        return None, f"{model} has no {quantity}{trained} in experiment {number.experiment}"
    if number.step is None:
        chosen = [cell for cell in chosen if not cell["checkpoint"]]
    if number.samples is not None:
        others = sorted({cell["x"] for cell in chosen if cell["x"] != number.samples})
        chosen = [cell for cell in chosen if cell["x"] == number.samples]
        if not chosen:
            return (
                None,
                f"measured at K = {', '.join(f'{x:g}' for x in others)}, the paper at {number.samples}",
            )
    measured = [cell for cell in chosen if cell["value"] is not None]
    if not measured:
        notes = {cell["note"] for cell in chosen}
        return None, "; ".join(sorted(filter(None, notes))) or "the cell is empty"
    if number.step is None:
        return measured[0], ""
    return _nearest(number.step, measured, steps)


def _nearest(step: int, cells: list[dict], steps: list[int]) -> tuple[dict | None, str]:
    """The cell at the step nearest to the printed one, or None where it belongs to another printed step."""
    cell = min(cells, key=lambda cell: abs(cell["x"] - step))
    if min(steps, key=lambda printed: abs(printed - cell["x"])) != step:
        return None, f"no checkpoint near step {step}; the nearest is at {cell['x']:g}"
    return cell, f"ours at step {cell['x']:g}"


def interval(cell: dict) -> tuple[float | None, float | None, str]:
    """The 95 % interval of a cell, and what it covers.

    Where there are several seeds it holds both sources of variance, whose half widths add as squares.
    """
    if cell["ci_low"] is None:
        return None, None, "no interval"
    if cell["seeds_low"] is None:
        return cell["ci_low"], cell["ci_high"], "interval over test examples"
    spread = (cell["seeds_high"] - cell["seeds_low"]) / 2
    both = TwoSources(cell["value"], (cell["ci_low"], cell["ci_high"]), spread)
    return *both.interval, "interval over test examples and seeds"


def _line(
    number: Printed,
    model: str,
    ours: float,
    low: float | None,
    high: float | None,
    inside: bool | None,
    note: str,
) -> dict:
    return {
        "model": model,
        "table": number.table,
        "method": number.method,
        "quantity": number.quantity,
        "paper": number.value,
        "ours": ours,
        "ci_low": low,
        "ci_high": high,
        "difference": ours - number.value,
        "inside": NOT_MEASURED if inside is None else YES if inside else NO,
        "note": "; ".join(filter(None, [note, number.note])),
    }


def _missing(number: Printed, model: str, reason: str) -> dict:
    empty = dict.fromkeys(("ours", "ci_low", "ci_high", "difference"))
    line = _line(number, model, number.value, None, None, None, reason)
    return line | empty
