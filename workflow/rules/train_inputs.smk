"""Flags of training on rows: SFT and students."""


def training_flags(wildcards):
    """Flags of a training run: the keys that change its result."""
    chosen = settings.section(config, "training", wildcards.model, wildcards.method, wildcards.task)
    return {
        "epochs": chosen["epochs"],
        "max_steps": settings.max_steps(config, wildcards.model, wildcards.method),
        # Ten digits: a product such as 2e-05 * 0.3 has none beyond that mean anything.
        "learning_rate": float(f"{chosen['learning_rate'] * chosen['learning_rate_scale']:.10g}"),
        "effective_batch": chosen["effective_batch"],
        "warmup": chosen["warmup"],
        "max_new_tokens": config["tasks"][wildcards.task]["max_new_tokens"],
        "seed": wildcards.seed,
        "threads": config["compute"]["threads"],
        "save_points": settings.saved_points(config, wildcards.model, wildcards.method),
    }


def loss_flags(wildcards):
    """Flags of a run whose loss on targets is TrSFT's; none for the NLL."""
    if settings.loss(config, wildcards.model, wildcards.method) == "nll":
        return {}
    chosen = settings.section(config, "training", wildcards.model, wildcards.method, wildcards.task)
    return {"loss": "trsft", "trsft_floor": chosen["trsft_floor"]}
