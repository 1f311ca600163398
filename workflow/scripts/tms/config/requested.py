"""The models that a command asks for, and a check of the names in its targets."""

from tms.config import study
from tms.config.experiment_groups import SUMMARISED
from tms.config.known import meant
from tms.io.errors import InputError
from tms.mixture.replay import GENERAL

LARGEST_SEED = 2**32 - 1  # that NumPy's generators take; config.schema.yaml has it too


def asked_runs(targets: list[str], config: dict) -> dict[str, list[str]]:
    """Models of the files that are asked for, each with the methods that these files are about.

    A file of a method, e.g. `results/qwen3b/tms/table.csv`, is about that one and what it harvests, one
    of the base about none, every other one about the methods of the model's experiments.

    Raises:
        InputError: as `asked_models`.
    """
    found: dict[str, set[str]] = {model: set() for model in asked_models(targets, config)}
    for target in targets:
        parts = target.split("/")
        if len(parts) > 3 and parts[1] in found and parts[2] in [*config["methods"], "base"]:
            found[parts[1]] |= {parts[2]} - {"base"}
            continue
        for model in asked_models([target], config):
            found[model] |= set(study.named_methods(config, model))
    return {model: study.with_trajectories(config, model, used) for model, used in found.items()}


def asked_models(targets: list[str], config: dict) -> list[str]:
    """Models of the files that are asked for, e.g. `results/qwen3b/tms/table.csv`.

    For files of all models, e.g. `results/table.csv`, they are those of `table.models`.

    Args:
        targets: files under `results/`, as on Snakemake's command line.
        config: the whole configuration.

    Raises:
        InputError: a file under `results/` of a model or method that the configuration has not, or of a
            method that is in none of the model's experiments.
    """
    models: dict[str, None] = {}
    for target in targets:
        parts = target.split("/")
        if parts[1] in ("tables", "figures") and len(parts) > 2:
            if parts[2] != "all":
                _check_known(target, "model", parts[2], config["models"])
            models |= dict.fromkeys(config["table"]["models"] if parts[2] == "all" else [parts[2]])
        elif len(parts) == 2:
            models |= dict.fromkeys(config["table"]["models"])
        elif len(parts) > 2:
            _check_known(target, "model", parts[1], config["models"])
            if len(parts) > 3 and parts[2] == "cells":
                _check_experiment(target, parts[1], parts[3].removesuffix(".parquet"), config)
            elif len(parts) > 3 and parts[2] not in ("base", GENERAL):
                _check_known(target, "method", parts[2], config["methods"])
                _check_method(target, parts[1], parts[2], config)
                _check_seed(target, parts[4] if len(parts) > 4 else "")
            models[parts[1]] = None
    return list(models)


def _check_method(target: str, model: str, method: str, config: dict) -> None:
    if method not in study.model_methods(config, model):
        if not study.taken(config, model, [method]):
            able = [name for name in config["methods"] if study.taken(config, model, [name])]
            raise InputError(
                f"{target}: the targets of models.{model} have tools, which the method {method!r} does not "
                f"take; those that do: {', '.join(able)}"
            )
        names = [name for name, entry in config["experiments"].items() if method in study.methods_of(entry)]
        own = next(iter(study.experiments(config, model)), "main")
        raise InputError(
            f"{target}: models.{model} does not have the method {method!r}; add it to experiments.{own}, or "
            f"add the experiment {names[0]} to models.{model}.experiments"
        )


def _check_seed(target: str, part: str) -> None:
    seed = part.removeprefix("seed")
    if part.startswith("seed") and seed.isdecimal() and (str(int(seed)) != seed or int(seed) > LARGEST_SEED):
        raise InputError(
            f"{target}: write the seed as a number from 0 to {LARGEST_SEED}, without leading zeros"
        )


def _check_experiment(target: str, model: str, experiment: str, config: dict) -> None:
    """Check an experiment whose methods are the model's own."""
    # The cells of the frontier hold the windows at matched accuracy too.
    ways = {"frontier": {"frontier", "windows"}} | {name: {name} for name in SUMMARISED}
    if experiment in ways and not ways[experiment] & set(study.experiments(config, model)):
        raise InputError(
            f"{target}: models.{model} does not have the experiment {experiment!r}; add it to "
            f"models.{model}.experiments"
        )


def _check_known(target: str, what: str, name: str, known) -> None:
    if name not in known:
        remedy = meant(name, known, f"it has {', '.join(known)}")
        raise InputError(
            f"{target}: the configuration has no {what} {name!r} ({remedy}); correct the target, or name the "
            f"file that adds it with --configfile"
        )
