"""Views on a study that is made in units: the seeds and methods that one report can show."""

from collections.abc import Collection
from dataclasses import dataclass

from tms.config import check_experiments, study
from tms.config.faults import Faults
from tms.config.stages.experiments import BASELINES
from tms.config.units import RunKey
from tms.io.errors import InputError


@dataclass(frozen=True)
class View:
    """Seeds, and the methods whose runs are complete with each of them."""

    model: str
    seeds: tuple[int, ...]
    methods: tuple[str, ...]

    @property
    def runs(self) -> set[RunKey]:
        """Its runs, of each target task."""
        return {(method, seed) for method in self.methods for seed in self.seeds}


def views(config: dict, model: str, complete: Collection[RunKey]) -> list[View]:
    """The views on the complete runs of a model, the one to show first before the others.

    Every method of a report has the same seeds. So there is a view for the first seed, and another for the
    first two where fewer methods have both, and so on. Of those that compare SFT with TMS the one with most
    seeds comes first, whatever other methods an earlier seed has besides; else the one with most runs.

    Args:
        config: the whole configuration, expanded.
        model: whose runs they are.
        complete: runs whose measured files are all there; a method needs those of what it harvests, too.
    """
    found: dict[tuple[str, ...], View] = {}
    seeds: tuple[int, ...] = ()
    methods = tuple(study.model_methods(config, model))
    for seed in config["models"][model]["seeds"]:
        there = {method for method, of_seed in complete if of_seed == seed}
        if not there:
            continue
        seeds = (*seeds, seed)
        methods = tuple(
            method for method in methods if there.issuperset(study.with_trajectories(config, model, [method]))
        )
        if methods:
            found[methods] = View(model, seeds, methods)  # the last seeds that have them

    def place(view: View) -> tuple[int, int, int]:
        seeds = len(view.seeds) if set(BASELINES) <= set(view.methods) else 0
        return -seeds, -len(view.runs), -len(view.methods)

    return sorted(found.values(), key=place)


def view_config(written: dict, view: View) -> dict:
    """The configuration of a view: its model, seeds and methods alone, and the experiments that they make.

    Args:
        written: the study's configuration, as it stands in its files.
        view: what is there.

    Returns:
        One that stands in place of config/config.yaml.

    Raises:
        InputError: no method of `experiments.main` is there, which every report has.
    """
    model = dict(written["models"][view.model])
    chosen = {
        name: kept
        for name in model.get("experiments", ["main"])
        if (kept := _kept(written["experiments"][name], view.methods))
    }
    if "main" not in chosen:
        raise InputError(
            f"models.{view.model}: no method of experiments.main is complete, so nothing is drawn; make a "
            f"unit with one of {', '.join(written['experiments']['main'])}"
        )
    model |= {"seeds": list(view.seeds), "experiments": list(chosen)}
    if "methods" in model:
        model["methods"] = {name: model["methods"][name] for name in model["methods"] if name in view.methods}
    config = {key: value for key, value in written.items() if key != "units"} | {
        "models": {view.model: model},
        "table": {"models": [view.model]},
        "methods": {name: entry for name, entry in written["methods"].items() if name in view.methods},
        "experiments": chosen,
    }
    if "frontier" in chosen:
        points = study.side_points(study.expanded(config), view.model)
        first = next(iter(points.values()))
        chosen["frontier"] = {side: chosen["frontier"][side] for side in points if points[side] == first}
        faults = Faults()
        check_experiments.check_frontier(study.expanded(config), view.model, faults)
        if faults:  # there are not as many points, yet or ever
            chosen.pop("frontier")
            model["experiments"].remove("frontier")
    return config


def _kept(entry: list[str] | dict[str, list[str]], methods: Collection[str]) -> list | dict:
    """The methods of an entry of `experiments` that are there; of the frontier the sides that have some."""
    if isinstance(entry, dict):
        return {side: kept for side, named in entry.items() if (kept := _kept(named, methods))}
    return [method for method in entry if method in methods]
