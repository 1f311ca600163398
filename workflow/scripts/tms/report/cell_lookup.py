"""The measured cells of a model by what they measure: tables, figures and verdicts look numbers up here."""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Optional

from tms.config.experiment_groups import SUMMARISED
from tms.report.model_info import ModelInfo

# Experiments of main's runs that have no entry in the config's experiments.
OF_MAIN = ("theorem61", "correlations", "training_curves")


class NotMeasuredError(Exception):
    """Numbers that a table, figure or verdict needs are missing; the message names them."""


@dataclass(frozen=True)
class Reading:
    """One measured number with its 95 % intervals: over test examples and over seeds.

    `delta` is its change from the base, where a table shows it.
    """

    value: float
    low: float | None = None
    high: float | None = None
    seeds_low: float | None = None
    seeds_high: float | None = None
    n: int | None = None
    seeds: int | None = None
    p_value: float | None = None
    p_uncorrected: float | None = None
    mark: str = ""
    note: str = ""
    x: float | None = None
    delta: Optional["Reading"] = None

    @classmethod
    def of(cls, cell: dict) -> "Reading":
        """The reading of a cell (columns `parquet.CELLS`; empty ones may be missing) that has a value."""
        columns = {"low": "ci_low", "high": "ci_high"}
        given = {name: cell.get(columns.get(name, name)) for name in cls.__dataclass_fields__}
        return cls(**{name: number for name, number in given.items() if number is not None})

    def scaled(self, factor: float, shift: float = 0.0) -> "Reading":
        """The reading of `factor * value + shift`; a negative factor swaps the bounds."""
        names = ("value", "low", "high", "seeds_low", "seeds_high")
        sources = names if factor >= 0 else ("value", "high", "low", "seeds_high", "seeds_low")
        numbers = {name: getattr(self, source) for name, source in zip(names, sources, strict=True)}
        return replace(self, **{n: None if x is None else factor * x + shift for n, x in numbers.items()})

    @property
    def over_seeds(self) -> tuple[float, float] | None:
        """Bounds of the interval over seeds; None with one seed."""
        bounds = (self.seeds_low, self.seeds_high)
        return None if None in bounds else bounds

    @property
    def plain(self) -> "Reading":
        """The reading without its interval over seeds: of many points, these would hide one another."""
        return replace(self, seeds_low=None, seeds_high=None)


class CellLookup:
    """The measured cells of one model.

    Args:
        info: what the configuration says of the model.
        cells: of any models; those of others are left out, and those without a value are not measured.
        used: every cell that is looked up, by identity, in order; several models may share it.
    """

    def __init__(self, info: ModelInfo, cells: list[dict], used: dict[int, dict] | None = None):
        self.info, self.used = info, {} if used is None else used
        self._cells: dict[tuple[str, str], list[dict]] = defaultdict(list)
        self._methods: dict[str, dict[str, None]] = defaultdict(dict)
        for cell in cells:
            if cell["model"] == info.model:
                self._methods[cell["experiment"]][cell["method"]] = None
                if cell["value"] is not None:
                    self._cells[cell["experiment"], cell["quantity"]].append(cell)

    def cells(self, experiment: str, quantity: str, **columns: str) -> list[dict]:
        """The measured cells of a quantity whose other columns have the given values."""
        chosen = [
            cell
            for cell in self._cells.get((experiment, quantity), [])
            if all(cell[name] == value for name, value in columns.items())
        ]
        self.used |= {id(cell): cell for cell in chosen}
        return chosen

    def reading(self, experiment: str, quantity: str, method: str = "", **columns: str) -> Reading | None:
        """One number of a method at the end of its runs, over all runs unless told; None: not measured."""
        columns = {"method": method, "train_task": "", "prompts": "", "checkpoint": ""} | columns
        for cell in self._cells.get((experiment, quantity), []):
            if all(cell[name] == value for name, value in columns.items()):
                self.used[id(cell)] = cell
                return Reading.of(cell)
        return None

    def quantities(self, experiment: str, prefix: str) -> list[str]:
        """The measured quantities of an experiment that start with a prefix."""
        return [name for place, name in self._cells if place == experiment and name.startswith(prefix)]

    def methods(self, experiment: str) -> list[str]:
        """Methods with a cell in an experiment, measured or not, in their order."""
        return list(self._methods.get(experiment, {}))

    def require(self, *experiments: str) -> None:
        """Check that the model has measured cells of these experiments.

        Raises:
            NotMeasuredError: it does not; the message names the model and the experiment.
        """
        for experiment in experiments:
            configured = experiment in (*self.info.experiments, *OF_MAIN)
            if not configured or not self.methods(experiment):
                raise NotMeasuredError(f"models.{self.info.model} has no experiment {experiment}")
            if not self.quantities(experiment, ""):
                raise NotMeasuredError(
                    f"experiment {experiment} of models.{self.info.model}: nothing was measured"
                )

    def require_methods(self, experiment: str, *methods: str) -> None:
        """Check that an experiment has cells of these methods.

        Raises:
            NotMeasuredError: it does not; the message names them.
        """
        known = self.methods(experiment)
        if not known:
            raise NotMeasuredError(f"the model has no experiment {experiment}")
        if missing := [name for name in methods if name not in known]:
            raise NotMeasuredError(f"experiment {experiment} has no method {', '.join(missing)}")

    def summarised(self, experiments: tuple[str, ...] = SUMMARISED) -> dict[str, str]:
        """Each method that has a summary, with the first experiment that holds it; the base comes first."""
        places = {}
        for experiment in experiments:
            if self.methods(experiment):
                for method in ["base", *self.info.experiments.get(experiment, [])]:
                    places.setdefault(method, experiment)
        return places

    @property
    def seeds(self) -> int:
        """The largest number of seeds that a cell has; 0 where none says."""
        return max((cell["seeds"] or 0 for cells in self._cells.values() for cell in cells), default=0)
