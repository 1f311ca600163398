"""All figures of a scope."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tms.report.cell_lookup import CellLookup, NotMeasuredError
from tms.report.compared import ComparedNumber
from tms.report.figures import (
    bars,
    compare,
    correlations,
    curves,
    frontier,
    learning,
    palette,
    planes,
    scatter,
    sweeps,
    training,
)
from tms.report.figures.figure import Figure
from tms.report.index import write_all

# Name -> title in the index, and the function that draws it for one model.
OF_A_MODEL: dict[str, tuple[str, Callable[..., Figure]]] = {
    "plane": ("Accuracy against forgetting", planes.plane),
    "learning": ("Learning curves of SFT and TMS", learning.learning_curves),
    "frontier": ("The frontier control", frontier.frontier),
    "figure2a": ("Figure 2a: forgetting against KL to the base", correlations.figure2a),
    "figure2b": ("Figure 2b: forgetting against PLD within the SFT family", correlations.figure2b),
    "figure2c": ("Figure 2c: accuracy against forgetting", planes.figure2c),
    "figure2d": ("Figure 2d: accuracy against KL to the base", planes.figure2d),
    "figure4": ("Figure 4: number of checkpoints T", sweeps.figure4),
    "alpha": ("Share of the teacher's answers", sweeps.alpha),
    "mixture": ("Mixtures and self-distillation (RQ4)", bars.mixture),
    "mismatch": ("Supervision mismatch along a long run (Table 1)", curves.mismatch),
    "training": ("Training of the on-policy methods", training.training),
    "losses": ("Losses along the runs", training.losses),
    "diversity": ("Coverage and diversity (Table 2)", bars.diversity),
    "theorem61": ("Theorem 6.1 as a measurement", scatter.theorem61),
    "task_dependence": ("Gain of TMS over SFT by target task (RQ5)", scatter.task_dependence),
    "compute": ("Accuracy and forgetting against compute", planes.compute),
}
OF_MODELS = {"figure3": "Figure 3: scaling", "compare": "The paper's numbers and ours"}


def draw(folder: Path, lookups: list[CellLookup], compared: list[ComparedNumber]) -> list[dict]:
    """Draw every figure of a scope into a folder, with `index.json`.

    A scope of several models has only the figures that compare models; all others have one model each.

    Args:
        lookups: the cells of the models in scope.
        compared: rows of the scope's `compare.csv`.

    Returns:
        The entries of the index (`index.write_all`).
    """
    kinds = {method: kind for lookup in lookups for method, kind in lookup.info.kinds.items()}
    styles = palette.assign(kinds)

    def of_a_model(draw_one: Callable[..., Figure]) -> Figure:
        if len(lookups) > 1:
            raise NotMeasuredError("a figure of one model: see the folder of each model")
        return draw_one(lookups[0], styles)

    figures = {name: (title, partial(of_a_model, make)) for name, (title, make) in OF_A_MODEL.items()}
    figures["figure3"] = (OF_MODELS["figure3"], partial(sweeps.figure3, lookups, styles))
    figures["compare"] = (OF_MODELS["compare"], partial(compare.compare, compared))
    return write_all(folder, figures, ("svg", "png"))
