"""Training of SFT, the students and the on-policy methods, and averages: inputs and flags of their jobs.

An algorithm or a loss gets the settings that it reads, so that an edit of the others' reruns nothing.
"""

from tms.config import paths, study, tasks
from tms.config.flags import flags, labelled
from tms.config.stages import general, mixture
from tms.config.suite import tasks_of
from tms.training import losses_by_name
from tms.training.settings import Lora
from tms.vision.families import FROZEN

# Keys of `on_policy` that every algorithm reads.
COMMON_KEYS = ["temperature", "top_p", "budget", "kl_rows"]
# Keys of `training` that are the optimiser's constants, in all training.
OPTIMISER_KEYS = ["adam_beta1", "adam_beta2", "weight_decay", "max_grad_norm"]


def images(config: dict, model: str, method: str, task: str) -> list[str]:
    """Files of the images of the prompts that a run trains on, replayed ones included."""
    replay = study.replay(config, model, method)
    return tasks.image_files(config, [task, *([replay["task"]] if replay else [])], "train")


def heldout(config: dict, model: str, method: str, task: str) -> list[str]:
    """The held-out prompts that are sampled after a run of SFT, where rows have a limit of tokens."""
    if method not in study.trajectories(config) or not _limited_turns(config, task):
        return []
    return [f"data/{task}/{config['models'][model]['suite']}/heldout.parquet"]


def evaluated_prompts(config: dict, model: str) -> dict[str, str]:
    """Files of the test prompts that are sampled after a model's runs, where rows have a limit of tokens."""
    return paths.test_files(_limited(config, tasks.generated(config, study.benchmarks(config, model))))


def evaluated_prompts_flags(config: dict, model: str) -> str:
    """Those files, with the tokens of a turn and how many rows are sampled.

    A run looks whether they can be sampled before it begins; that changes no result of it.
    """
    files, suite = evaluated_prompts(config, model), study.suite(config, model)
    if not files:
        return ""
    measured = dict.fromkeys(suite.retention, study.drift(config, model)["prompts"])  # of KL
    rows = {name: max(tasks.limit(config, name), measured.get(name, 0)) for name in files}
    turns = tasks.values(config, [*files], "max_new_tokens")
    return flags(tests=labelled(files), test_turns=turns, test_rows=labelled(rows))


def _limited_turns(config: dict, target: str) -> list[int]:
    """Tokens of a turn, of the tasks of a target whose rows have a limit of tokens."""
    return [config["tasks"][task]["max_new_tokens"] for task in _limited(config, tasks_of(target))]


def _limited(config: dict, names: list[str]) -> list[str]:
    """Those of the tasks whose rows have a limit of tokens."""
    return [task for task in names if "tokens" in tasks.TOOLS.get(tasks.kind(config, task), {})]


def row_flags(config: dict, model: str, method: str, task: str, seed: str) -> str:
    """Settings that change the result of training on rows (SFT and students)."""
    keys = study.section(config, "training", model, method, task)
    loss = study.loss(config, model, method)
    sampled = heldout(config, model, method, task)
    return flags(
        epochs=keys["epochs"],
        max_steps=study.max_steps(config, model, method),
        learning_rate=scaled_rate(keys, keys),
        effective_batch=keys["effective_batch"],
        warmup=keys["warmup"],
        **{name: keys[name] for name in OPTIMISER_KEYS},
        checkpoint_dtype=keys["checkpoint_dtype"],
        max_new_tokens=config["tasks"][task]["max_new_tokens"],
        seed=seed,
        threads=config["compute"]["threads"],
        save_points=mixture.saved_points(config, model, method),
        loss=None if loss == losses_by_name.NLL else loss,
        **{name: keys[name] for name in losses_by_name.load(loss).KEYS},
        **general.replay_flags(config, model, method),
        images=images(config, model, method, task) or None,
        vision=vision_flag(keys),
        **lora_flags(keys),
        turn=max(_limited_turns(config, task)) if sampled else None,
        heldout=sampled or None,
    )


def loss_modules(config: dict, model: str, method: str) -> tuple[str, ...]:
    """Modules that training on rows loads by name: its loss."""
    return (losses_by_name.module(study.loss(config, model, method)),)


def on_policy_flags(config: dict, model: str, method: str, task: str, seed: str) -> str:
    """Settings that change the result of an on-policy run."""
    keys = study.section(config, "on_policy", model, method, task)
    training = study.section(config, "training", model, method, task)
    kind = study.kind_of(config, method)
    return flags(
        algorithm=config["methods"][method]["kind"],
        grader=tasks.of_target(config, task, "grader") if kind.rewarded else None,
        teacher=distilled_model(config, model, method) or None,
        epochs=training["epochs"],
        effective_batch=training["effective_batch"],
        learning_rate=scaled_rate(keys, training),
        **{name: training[name] for name in OPTIMISER_KEYS},
        checkpoint_dtype=training["checkpoint_dtype"],
        max_new_tokens=min(keys["max_new_tokens"], config["tasks"][task]["max_new_tokens"]),
        samples=study.rollouts(config, model, method, task),
        **{name: keys[name] for name in [*kind.keys, *COMMON_KEYS]},
        seed=seed,
        threads=config["compute"]["threads"],
        save_points=mixture.saved_points(config, model, method),
        engine=study.engine(config, "models", model),
        images=images(config, model, method, task) or None,
        **{name: training[name] for name in kind.training_keys},
        vision=vision_flag(training),
        **lora_flags(training),
    )


def vision_flag(training: dict) -> str | None:
    """Whether the vision tower is trained; None where it is not, as in all models that read no images."""
    return None if training["vision"] == FROZEN else training["vision"]


def lora_flags(training: dict) -> dict:
    """Flags of LoRA adapters, by name; none where all weights are trained."""
    if training.get("lora") is None:
        return {}
    lora = Lora.from_config(training["lora"])
    return {
        "lora_rank": lora.rank,
        "lora_alpha": f"{lora.alpha:.10g}",
        "lora_targets": [*lora.targets],
        "lora_dropout": f"{lora.dropout:.10g}",
    }


def distilled_model(config: dict, model: str, method: str) -> list[str] | str:
    """The model folder of the teacher whose distribution a run learns; empty where it learns none."""
    if not study.kind_of(config, method).taught:
        return []
    return config["teachers"][config["models"][model]["teacher"]]["model"]


def averaged_folders(config: dict, model: str, method: str, task: str, seed: str) -> list[str]:
    """Folders that an average depends on, beside the base."""
    points = study.averaged_points(config, method)
    return paths.checkpoint_inputs(config, model, study.trained(config, method), task, seed, points)


def average_flags(config: dict, model: str, method: str, task: str, seed: str) -> str:
    """The checkpoints whose weights an average takes, and their share."""
    points = study.averaged_points(config, method)
    run = study.trained(config, method)
    return flags(
        trained=list(paths.checkpoint_folders(config, model, run, task, seed, points).values()),
        share=config["methods"][method]["average"]["share"],
        threads=config["compute"]["threads"],
    )


def on_policy_modules(config: dict, method: str, task: str) -> tuple[str, ...]:
    """Modules that an on-policy run loads by name: its algorithm, and its grader if it has one."""
    graders = tasks.grader_modules(config, [task]) if study.kind_of(config, method).rewarded else ()
    return (f"tms.on_policy.{config['methods'][method]['kind']}", *graders)


def scaled_rate(rates: dict, training: dict) -> float:
    """A learning rate times its scale, to ten digits: a product such as 2e-05 * 0.3 has no more."""
    return float(f"{rates['learning_rate'] * training['learning_rate_scale']:.10g}")
