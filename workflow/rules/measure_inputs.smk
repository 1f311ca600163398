"""Input functions and flags of the experiments that compare methods."""

from snakemake.exceptions import WorkflowError

# Experiments whose methods stand beside each other; the others have programs of their own.
MEASURED = ["main", "mixture", "windows", "checkpoints", "alpha"]
# Every method is also compared with these, where the model has them.
REFERENCES = ["sft", "tms"]
# TMS with the TrSFT loss beside that loss alone; RQ4: the mixture without the teacher beside these of `main`.
MORE_REFERENCES = {"main": ["trsft"], "mixture": ["self_sft", "final_sft"]}


def measured_methods(wildcards):
    """Methods of a model's experiment, in row order."""
    found = settings.experiments(config, wildcards.model)
    if wildcards.experiment not in found:
        raise WorkflowError(
            f"models.{wildcards.model}.experiments: no {wildcards.experiment} there; add it, or ask for one of "
            f"{', '.join(name for name in found if name in MEASURED)}"
        )
    return found[wildcards.experiment]


def references(wildcards):
    """Methods that every other of an experiment is compared with, the baseline first."""
    own = settings.model_methods(config, wildcards.model)
    # A method that no experiment names is every model's; to be compared with it, one has to ask for it.
    asked = [method for entry in settings.experiments(config, wildcards.model).values() for method in entry]
    more = [name for name in MORE_REFERENCES.get(wildcards.experiment, []) if name in asked]
    # Without any, the experiment's first method is the baseline.
    return [name for name in REFERENCES if name in own] + more or measured_methods(wildcards)[:1]


def with_references(wildcards):
    return list(dict.fromkeys([*measured_methods(wildcards), *references(wildcards)]))


def sweep_settings(wildcards):
    """What a sweep varies, for each of its methods; None for the other experiments."""
    if wildcards.experiment not in ("checkpoints", "alpha"):
        return None
    found = []
    for method in measured_methods(wildcards):
        if wildcards.experiment == "checkpoints":
            number = settings.section(config, "tms", wildcards.model, method)["num_checkpoints"]
        elif method in SFT_METHODS:
            number = 1.0  # the teacher's answers alone
        else:
            number = settings.supervision(config, wildcards.model, method).alpha
        found.append(f"{method}={number}")
    return found


def measured_runs(wildcards, labelled=False):
    """Grades of each run of the methods and of the references; `labelled` puts `method/task/seedN=` before it."""
    found = []
    for method in with_references(wildcards):
        for task, seed in runs(wildcards.model):
            path = f"results/{wildcards.model}/{method}/{task}/seed{seed}/grades.parquet"
            found.append(f"{method}/{task}/seed{seed}={path}" if labelled else path)
    return found


def method_files(wildcards, name, labelled=False):
    found = {method: f"results/{wildcards.model}/{method}/{name}" for method in with_references(wildcards)}
    return [f"{method}={path}" if labelled else path for method, path in found.items()]
