"""Cost files of all that a run depends on."""


def cost_files(model, method, task, seed):
    """Stage and cost file of all that a run depends on, its own training included: `stage` -> path."""
    run = f"results/{model}/{method}/{task}/seed{seed}"
    found = {
        "teacher": f"data/{task}/{suite_of(model)}/{config['models'][model]['teacher']}/samples.cost.json"
    }
    if method in SFT_METHODS:
        return found | {"sft": f"{run}/train.cost.json"}
    if method in ON_POLICY:
        return found | {"on_policy": f"{run}/train.cost.json"}
    parts = settings.harvest_parts(config, model, method)
    harvests = {
        f"harvest-{method}-{part}": f"{run}/harvest/part-{part}of{parts}.cost.json"
        for part in range(1, parts + 1)
    }
    before = {}
    if settings.supervision(config, model, method).points != (checkpoints.BASE,):
        source = settings.section(config, "tms", model, method)["trajectory"]
        before = cost_files(model, source, task, seed)
    return found | before | harvests | {f"student-{method}": f"{run}/train.cost.json"}


def method_costs(model, method):
    """Label and cost file of everything that a method depends on: `stage/task/seedN` -> path."""
    return {
        f"{stage}/{task}/seed{seed}": path
        for task, seed in runs(model)
        for stage, path in cost_files(model, method, task, seed).items()
    }
