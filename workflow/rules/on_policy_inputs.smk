"""Flags of on-policy training: to each algorithm those that it reads, so that the others' edits rerun nothing."""

# Keys of `on_policy` that one algorithm reads, beside those that all of them do.
ALGORITHM_KEYS = {
    "grpo": ["samples", "beta"],
    "reinforce": ["baseline_decay"],
    "trapo": ["entropy_bonus"],
}
COMMON_KEYS = ["temperature", "top_p", "budget", "kl_rows"]


def algorithm(wildcards):
    return config["methods"][wildcards.method]["kind"]


def on_policy_cores(wildcards):
    """Processor cores of a cluster job: each training process has its own, and those of its graders."""
    graders = config["compute"]["grading_processes"] * max(train_gpus(wildcards), 1)
    return cores(train_gpus)(wildcards) + graders


def on_policy_mem_mb(wildcards):
    """Memory of a job that trains, and whose every process reads weights to sample and to score with."""
    parameters = config["models"][wildcards.model].get("parameters", 0)
    processes = max(train_gpus(wildcards), 1)
    return train_mem_mb(wildcards) + 2 * processes * devices.generate_mem_mb(parameters, 0)


def on_policy_flags(wildcards):
    """Flags of an on-policy run: the keys that change its result."""
    place = (wildcards.model, wildcards.method, wildcards.task)
    chosen = settings.section(config, "on_policy", *place)
    training = settings.section(config, "training", *place)
    trained = training_flags(wildcards)
    rate = chosen["learning_rate"] * training["learning_rate_scale"]
    given = {
        "algorithm": algorithm(wildcards),
        "task_kind": kind(wildcards.task),
        **{name: trained[name] for name in ("epochs", "effective_batch")},
        "learning_rate": float(f"{rate:.10g}"),
        "max_new_tokens": min(chosen["max_new_tokens"], trained["max_new_tokens"]),
        **{name: chosen[name] for name in [*ALGORITHM_KEYS[algorithm(wildcards)], *COMMON_KEYS]},
        **{name: trained[name] for name in ("seed", "threads", "save_points")},
        "engine": settings.engine(config, "models", wildcards.model),
    }
    if algorithm(wildcards) == "trapo":
        return given | {"trsft_floor": training["trsft_floor"]}
    return given | {"warmup": training["warmup"]}  # TRAPO's learning rate is constant


def watch_flags(wildcards):
    """When a run counts as failed, and whether it then stops: that changes no result of a run that ends."""
    chosen = settings.section(config, "on_policy", wildcards.model, wildcards.method, wildcards.task)
    return flags(**{name: chosen[name] for name in ("equal_steps", "max_kl", "on_failure")})
