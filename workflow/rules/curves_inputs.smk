"""Files of the on-policy runs whose curves are drawn."""


def on_policy_methods(model):
    """The on-policy methods of a model's experiment main, in row order."""
    own = settings.on_policy(config)
    return [method for method in settings.experiments(config, model)["main"] if method in own]


def curve_files(wildcards):
    """Curve of each on-policy run: `method/task/seedN` -> path."""
    model = wildcards.model
    return {
        f"{method}/{task}/seed{seed}": f"results/{model}/{method}/{task}/seed{seed}/curve.parquet"
        for method in on_policy_methods(model)
        for task, seed in runs(model)
    }
