"""Units of a study: parts of its runs that are made one at a time, each from nothing."""

from dataclasses import dataclass

from tms.config import study
from tms.config.faults import Faults
from tms.config.known import check_known
from tms.io.errors import InputError

# Of a run: the name of its method and its seed.
RunKey = tuple[str, int]


@dataclass(frozen=True)
class Unit:
    """An entry of `units`: the runs of some methods of a model with one seed."""

    name: str
    model: str
    seed: int
    methods: tuple[str, ...]

    @property
    def runs(self) -> list[RunKey]:
        """Its runs, of each target task."""
        return [(method, self.seed) for method in self.methods]


def units(config: dict) -> list[Unit]:
    """The units of a configuration, in its order; each has the methods whose checkpoints it harvests too.

    Args:
        config: a checked one.

    Raises:
        InputError: it has none.
    """
    entries = config.get("units") or {}
    if not entries:
        raise InputError("config: units is missing; name them as config/smollm2.yaml does")
    return [
        Unit(
            name,
            entry["model"],
            entry["seed"],
            tuple(study.with_trajectories(config, entry["model"], entry["methods"])),
        )
        for name, entry in entries.items()
    ]


def unit_named(config: dict, name: str) -> Unit:
    """The unit of a name.

    Raises:
        InputError: there is none of that name.
    """
    known = {unit.name: unit for unit in units(config)}
    check_known("UNIT", name, known)
    return known[name]


def check(config: dict, faults: Faults) -> None:
    """Check the names and seeds of the units, a line a fault."""
    for name, entry in (config.get("units") or {}).items():
        key = f"units.{name}"
        if not faults.known(f"{key}.model", entry["model"], config["models"]):
            continue
        for method in entry["methods"]:
            faults.known(f"{key}.methods", method, study.model_methods(config, entry["model"]))
        if entry["seed"] not in config["models"][entry["model"]]["seeds"]:
            faults.append(
                f"config: {key}.seed: {entry['seed']} is none of models.{entry['model']}.seeds; add it there"
            )
