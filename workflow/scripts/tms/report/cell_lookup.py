"""Summary numbers by what they measure, for tables and figures to look up."""

from collections import defaultdict
from dataclasses import dataclass, replace

from tms.report.model_info import ModelInfo

# Experiments with the summary of each method's runs (rule `measure`).
MEASURED = ("main", "mixture", "windows", "checkpoints", "alpha")
# What is measured of the runs of main, without an entry in the config's experiments.
OF_MAIN = ("bound", "relations", "training")


class NotDrawnError(Exception):
    """A table or figure has nothing to show; the message says why."""


@dataclass(frozen=True)
class Reading:
    """One measured number with its 95 % intervals: over test examples and over seeds."""

    value: float
    low: float | None = None
    high: float | None = None
    seeds_low: float | None = None
    seeds_high: float | None = None
    n: int | None = None
    seeds: int | None = None
    p_value: float | None = None
    mark: str = ""
    note: str = ""
    x: float | None = None

    @classmethod
    def of(cls, cell: dict) -> "Reading":
        """The reading of a cell (columns `rows.CELLS`) that has a value."""
        named = {"low": "ci_low", "high": "ci_high"}
        return cls(**{name: cell[named.get(name, name)] for name in cls.__dataclass_fields__})

    def scaled(self, factor: float, shift: float = 0.0) -> "Reading":
        """The reading of `factor * value + shift`; a negative factor swaps the bounds."""

        def moved(number: float | None) -> float | None:
            return None if number is None else factor * number + shift

        low, high = moved(self.low), moved(self.high)
        seeds_low, seeds_high = moved(self.seeds_low), moved(self.seeds_high)
        if factor < 0:
            low, high, seeds_low, seeds_high = high, low, seeds_high, seeds_low
        return replace(
            self, value=moved(self.value), low=low, high=high, seeds_low=seeds_low, seeds_high=seeds_high
        )

    @property
    def plain(self) -> "Reading":
        """The reading without its interval over seeds: of many points, these would hide one another."""
        return replace(self, seeds_low=None, seeds_high=None)


class Book:
    """The cells of some models.

    Args:
        subjects: the models in scope, in order.
        cells: their cells; those without a value count as not measured.
    """

    def __init__(self, subjects: list[ModelInfo], cells: list[dict]):
        self.subjects = subjects
        self._cells: dict[tuple[str, str, str], list[dict]] = defaultdict(list)
        self._seen = {(cell["model"], cell["experiment"]) for cell in cells}
        for cell in cells:
            if cell["value"] is not None:
                self._cells[cell["model"], cell["experiment"], cell["quantity"]].append(cell)

    def cells(self, model: str, experiment: str, quantity: str, **columns: str) -> list[dict]:
        """The measured cells of a quantity whose other columns have the given values."""
        return [
            cell
            for cell in self._cells[model, experiment, quantity]
            if all(cell[name] == value for name, value in columns.items())
        ]

    def matching(self, model: str, experiment: str, prefix: str) -> list[dict]:
        """The measured cells of an experiment whose quantity starts with a prefix."""
        return [
            cell
            for key, cells in self._cells.items()
            if key[:2] == (model, experiment) and key[2].startswith(prefix)
            for cell in cells
        ]

    def reading(
        self,
        model: str,
        experiment: str,
        quantity: str,
        method: str,
        *,
        train_task: str = "",
        prompts: str = "",
        checkpoint: str = "",
        **others: str,
    ) -> Reading | None:
        """One number of a method at the end of its runs, over all runs unless told; None: not measured."""
        columns = {"method": method, "train_task": train_task, "prompts": prompts, "checkpoint": checkpoint}
        found = self.cells(model, experiment, quantity, **columns, **others)
        return Reading.of(found[0]) if found else None

    def require(self, model: str, *experiments: str) -> None:
        """Check that a model has measured cells of these experiments.

        Raises:
            NotDrawnError: it does not; the message names the model and the experiment.
        """
        own = next(subject.experiments for subject in self.subjects if subject.model == model)
        for experiment in experiments:
            if experiment not in (*own, *OF_MAIN) or (model, experiment) not in self._seen:
                raise NotDrawnError(f"models.{model} has no experiment {experiment}")
            if not any(key[:2] == (model, experiment) and found for key, found in self._cells.items()):
                raise NotDrawnError(f"experiment {experiment} of models.{model}: nothing was measured")

    def measured(self, model: str, experiments: tuple[str, ...] = MEASURED) -> dict[str, str]:
        """Each method that has a summary, with the first experiment that holds it; the base comes first."""
        found = {}
        for subject in self.subjects:
            if subject.model == model:
                for experiment in experiments:
                    if (model, experiment) in self._seen:
                        for method in ["base", *subject.experiments.get(experiment, [])]:
                            found.setdefault(method, experiment)
        return found

    def seeds(self, model: str) -> int:
        """The largest number of seeds that a cell of the model has; 0 where none says."""
        return max(
            (cell["seeds"] or 0 for key, cells in self._cells.items() if key[0] == model for cell in cells),
            default=0,
        )
