"""Input functions of the diversity stages: which prompts are sampled, and the files of all runs."""


def sampled_tasks(wildcards):
    """The target tasks on which a run is sampled: its own, and all for the base."""
    return suite(wildcards.model).targets if wildcards.run == "base" else [wildcards.run.split("/")[1]]


def sampled_prompts(model, task):
    """So many of a task's first test prompts are sampled: those whose greedy completion is graded."""
    return min(settings.diagnose(config, model, "diversity")["prompts"], config["tasks"][task]["limit"])


def sampled_settings(wildcards, value):
    """`TASK=VALUE` for each task on which a run is sampled."""
    return [f"{task}={value(task)}" for task in sampled_tasks(wildcards)]


def diversity_runs(model, file):
    """A file of the base and of each run of the experiment: `base` or `method/task/seedN` -> path."""
    labels = [
        f"{method}/{task}/seed{seed}"
        for method in config["experiments"]["diversity"]
        for task, seed in runs(model)
    ]
    return {label: f"results/{model}/{label}/{file}" for label in ["base", *labels]}
