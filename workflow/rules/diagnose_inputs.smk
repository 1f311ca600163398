"""Files and methods that the diagnoses of `diagnose.smk` are about."""

from tms.config.recipes import recipes

LONG_RUN_FILES = {
    "drifts": "drift.json",
    "costs": "train.cost.json",
    "points": "points/grades.parquet",
    "grades": "grades.parquet",
}


def labelled(files):
    """`LABEL=PATH` of each file, for a flag."""
    return [f"{label}={path}" for label, path in files.items()]


def bound_runs(wildcards):
    """Run and samples for KL of each run of the experiment main: `method/task/seedN` -> path."""
    model = wildcards.model
    return {
        f"{method}/{task}/seed{seed}": f"results/{model}/{method}/{task}/seed{seed}/drift_samples.parquet"
        for method in config["experiments"]["main"]
        for task, seed in runs(model)
    }


def bound_benchmarks(wildcards):
    """Benchmarks that the samples for KL belong to: held-out prompts count as those of their target."""
    return [*suite(wildcards.model).targets, *suite(wildcards.model).retention]


def long_runs(wildcards, name):
    """A file of each run of the experiment mismatch: `method/task/seedN` -> path."""
    model = wildcards.model
    task = settings.diagnose(config, model, "mismatch")["task"]
    return {
        f"{method}/{task}/seed{seed}": f"results/{model}/{method}/{task}/seed{seed}/{name}"
        for method in config["experiments"]["mismatch"]
        for seed in config["models"][model]["seeds"]
    }


def summarised(model):
    """The experiments of a model that rule `measure` summarises, with their methods."""
    return {name: own for name, own in settings.experiments(config, model).items() if name in MEASURED}


def summarised_methods(model):
    return list(dict.fromkeys(sum(summarised(model).values(), [])))
