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


def diversity_files(name, labelled=False):
    """Input function: a file of the base and of each run of the experiment; `labelled` for a flag."""

    def files(wildcards):
        labels = [
            f"{method}/{task}/seed{seed}"
            for method in config["experiments"]["diversity"]
            for task, seed in runs(wildcards.model)
        ]
        found = {label: f"results/{wildcards.model}/{label}/{name}" for label in ["base", *labels]}
        return [f"{label}={path}" if labelled else path for label, path in found.items()]

    return files
