"""Cells of the experiments that compare methods, and of what is measured beside them: inputs and flags.

Cells are rows of results/{model}/cells/{experiment}.parquet: a quantity of a method with its interval.
"""

from functools import partial

from tms.config import paths, study, tasks
from tms.config.experiment_groups import SUMMARISED
from tms.config.flags import flags, labelled
from tms.config.recipes import recipes
from tms.config.stages import tables
from tms.config.stages.mixture import mixture_weights
from tms.config.suite import GENERAL
from tms.io.errors import InputError

# SFT and TMS alone, of every model: no entry of the config's `experiments`.
PAIR = "pair"
# Every method is also compared with these, where the model has them.
BASELINES = ["sft", "tms"]
# TMS with the TrSFT loss beside that loss alone; RQ4: the mixture without the teacher beside these of `main`.
MORE_BASELINES = {"main": ["trsft"], "mixture": ["self_sft", "final_sft"]}
# Files of a long run (Table 1), by flag.
LONG_RUN_FILES = {
    "drifts": "drift.json",
    "costs": "train.cost.json",
    "points": "points/grades.parquet",
    "grades": "grades.parquet",
}


def methods(config: dict, model: str, experiment: str) -> list[str]:
    """Methods of a model's experiment, in row order.

    Raises:
        InputError: the model does not have the experiment.
    """
    if experiment == PAIR:
        available = study.model_methods(config, model)
        if pair := [name for name in BASELINES if name in available]:
            return pair
        raise InputError(f"models.{model}: it has neither of the methods {' and '.join(BASELINES)}")
    entries = study.experiments(config, model)
    if experiment not in entries:
        raise InputError(
            f"models.{model}.experiments: no {experiment} there; add it, or ask for one of "
            f"{', '.join(name for name in entries if name in SUMMARISED)}"
        )
    return entries[experiment]


def baselines(config: dict, model: str, experiment: str) -> list[str]:
    """Methods that every other of an experiment is compared with."""
    available = study.model_methods(config, model)
    # A method that no experiment names is every model's; to be compared with it, one has to ask for it.
    asked = [method for entry in study.experiments(config, model).values() for method in entry]
    more = [name for name in MORE_BASELINES.get(experiment, []) if name in asked]
    # Without any, the experiment's first method is the baseline.
    return [name for name in BASELINES if name in available] + more or methods(config, model, experiment)[:1]


def compared(config: dict, model: str, experiment: str) -> list[str]:
    """Methods of an experiment and those that they are compared with."""
    names = [*methods(config, model, experiment), *baselines(config, model, experiment)]
    return list(dict.fromkeys(names))


def swept_values(config: dict, model: str, experiment: str) -> list[str] | None:
    """The setting that a sweep varies, for each method that has it; None for the other experiments."""
    if experiment == "checkpoints":
        value = _num_checkpoints
    elif experiment == "alpha":
        value = _alpha
    elif experiment == "averages":
        value = _share
    else:
        return None
    values = {name: value(config, model, name) for name in methods(config, model, experiment)}
    return labelled({name: number for name, number in values.items() if number is not None})


def _num_checkpoints(config: dict, model: str, method: str) -> int:
    return study.section(config, "tms", model, method)["num_checkpoints"]


def _alpha(config: dict, model: str, method: str) -> float:
    """Alpha of a method; SFT trains on the teacher's answers alone."""
    return 1.0 if method in study.trajectories(config) else mixture_weights(config, model, method).alpha


def _share(config: dict, model: str, method: str) -> float | None:
    """Share of a run's weights in an average; of SFT, whose runs are averaged, 1; of another method none."""
    if method in study.averages(config):
        return config["methods"][method]["average"]["share"]
    return 1.0 if method in map(partial(study.trained, config), study.averages(config)) else None


def summarise_files(config: dict, model: str, experiment: str) -> dict[str, str]:
    """Grades of each run of the methods and of the baselines: `method/task/seedN` -> path."""
    return paths.run_files(config, model, compared(config, model, experiment), "grades.parquet")


def update_files(config: dict, model: str, experiment: str) -> dict[str, str]:
    """Distance of each run of the methods from theta_0: `method/task/seedN` -> path."""
    return paths.run_files(config, model, methods(config, model, experiment), "updates.json")


def health_files(config: dict, model: str, experiment: str) -> dict[str, str]:
    """Health record of each run of the methods that train on rows: `method/task/seedN` -> path."""
    return {
        f"{method}/{run}": path
        for method in methods(config, model, experiment)
        for run, path in tables.health_files(config, model, method).items()
    }


def compared_files(config: dict, model: str, experiment: str, name: str) -> dict[str, str]:
    """A file of each of these methods: method -> path."""
    return paths.method_files(model, compared(config, model, experiment), name)


def measured_files(config: dict, model: str, experiment: str) -> dict[str, str]:
    """Intervals of each method, where measures stand beside the scores: method -> path."""
    suite = study.suite(config, model)
    if not (suite.unscored or suite.general):
        return {}
    return paths.method_files(model, methods(config, model, experiment), "intervals.csv")


def summarise_flags(config: dict, model: str, experiment: str) -> str:
    """The suite, the methods and the files of an experiment that compares methods."""
    return flags(
        experiment=experiment,
        model=model,
        **tables.suite_flags(config, model),
        methods=methods(config, model, experiment),
        baselines=baselines(config, model, experiment),
        halves=[] if experiment == "main" else None,
        settings=swept_values(config, model, experiment),
        grades=labelled(summarise_files(config, model, experiment)),
        drifts=labelled(compared_files(config, model, experiment, "drift.csv")),
        intervals=labelled(measured_files(config, model, experiment)) or None,
        updates=labelled(update_files(config, model, experiment)),
        health=labelled(health_files(config, model, experiment)) or None,
        costs=labelled(compared_files(config, model, experiment, "cost.csv")),
    )


def summarised(config: dict, model: str) -> list[str]:
    """The experiments of a model that compare methods."""
    return [name for name in study.experiments(config, model) if name in SUMMARISED]


def correlations_flags(config: dict, model: str) -> str:
    """Cells in which methods are points, with the kind and the recipe of each method."""
    entries = study.experiments(config, model)
    names = list(dict.fromkeys(method for name in summarised(config, model) for method in entries[name]))
    return flags(
        model=model,
        kinds=labelled({name: config["methods"][name]["kind"] for name in names}),
        recipes=labelled(recipes(config, model, names)),
        cells=paths.cell_files(model, summarised(config, model)),
    )


def bound_benchmarks(config: dict, model: str) -> list[str]:
    """Benchmarks that the samples for KL belong to and whose grader scores them by itself.

    Held-out prompts count as their target's.
    """
    suite = study.suite(config, model).scored
    return [name for name in [*suite.target_tasks, *suite.retention] if tasks.rewards(config, name)]


def bound_files(config: dict, model: str) -> dict[str, str]:
    """Samples for KL of each run of the experiment main: `method/task/seedN` -> path."""
    return paths.run_files(config, model, study.table_methods(config, model), "drift_samples.parquet")


def theorem61_flags(config: dict, model: str) -> str:
    """The samples for KL and the graders of their benchmarks."""
    suite = study.suite(config, model)
    measured = [*suite.target_tasks, *suite.retention]
    judged = [name for name in measured if tasks.grader(config, name) in tasks.JUDGED]
    return flags(
        model=model,
        samples=labelled(bound_files(config, model)),
        graders=tasks.values(config, bound_benchmarks(config, model), "grader"),
        unscored=[*suite.unscored, *judged, *([GENERAL] if suite.general else [])] or None,
    )


def long_runs(config: dict, model: str, name: str) -> dict[str, str]:
    """A file of each run of the experiment mismatch: `method/task/seedN` -> path."""
    task = study.diagnose(config, model, "mismatch")["task"]
    return {
        f"{method}/{task}/seed{seed}": f"{paths.run_folder(model, method, task, seed)}/{name}"
        for method in study.taken(config, model, config["experiments"]["mismatch"])
        for seed in config["models"][model]["seeds"]
    }


def mismatch_flags(config: dict, model: str) -> str:
    """Retention benchmarks, where they have a score, and the files of the long runs."""
    return flags(
        model=model,
        retention=study.suite(config, model).scored.retention or None,
        **{flag: labelled(long_runs(config, model, name)) for flag, name in LONG_RUN_FILES.items()},
    )


def mismatch_files(config: dict, model: str) -> list[str]:
    """All files of the long runs."""
    return [path for name in LONG_RUN_FILES.values() for path in long_runs(config, model, name).values()]


def diversity_files(config: dict, model: str, name: str) -> dict[str, str]:
    """A file of the base and of each run of the experiment diversity: run -> path."""
    methods = study.taken(config, model, config["experiments"]["diversity"])
    runs = paths.run_files(config, model, methods, name)
    return {"base": f"results/{model}/base/{name}"} | runs


def diversity_flags(config: dict, model: str) -> str:
    """K, the graders of the targets, and the files of the sampled runs."""
    return flags(
        model=model,
        k=study.diagnose(config, model, "diversity")["k"],
        graders=tasks.values(config, study.suite(config, model).target_tasks, "grader"),
        samples=labelled(diversity_files(config, model, "diversity/grades.parquet")),
        generations=labelled(diversity_files(config, model, "diversity/generations.parquet")),
        greedy=labelled(diversity_files(config, model, "grades.parquet")),
    )


def on_policy_methods(config: dict, model: str) -> list[str]:
    """The on-policy methods of a model's experiment main, in row order."""
    on_policy = study.on_policy(config)
    return [method for method in study.experiments(config, model).get("main", []) if method in on_policy]


def curve_files(config: dict, model: str) -> dict[str, str]:
    """Training curve of each on-policy run: `method/task/seedN` -> path."""
    return paths.run_files(config, model, on_policy_methods(config, model), "curve.parquet")


def training_curves_flags(config: dict, model: str) -> str:
    """The curves of the on-policy runs."""
    return flags(model=model, curves=labelled(curve_files(config, model)))
