"""Checks of an on-policy method on one model: batches, samples, budget, and the teacher of distillation."""

from collections.abc import Collection
from pathlib import Path

from tms.config import study
from tms.config.faults import Faults
from tms.io.errors import InputError
from tms.model_folder.vocabulary import vocabulary_fault


def check(config: dict, model: str, method: str) -> None:
    """Check an on-policy method on one model.

    Raises:
        InputError: batches that cannot be dealt out to the devices, too few samples to compare, or
            checkpoints of a run whose steps are not known beforehand; one line that names the keys.
    """
    kind = study.kind_of(config, method)
    devices = max(study.gpus(config, model, "train"), 1)
    for task in study.suite(config, model).targets:
        chosen = study.section(config, "on_policy", model, method, task)
        training = study.section(config, "training", model, method, task)
        where = f"models.{model}, methods.{method}, tasks.{task}"
        if kind.rollouts is None and chosen["samples"] < 2:
            raise InputError(
                f"config: on_policy.samples of {where}: {chosen['samples']} has nothing to be compared with; "
                f"give at least 2, or use a method of kind reinforce"
            )
        if chosen["budget"] == "tokens" and training["checkpoints"]:
            raise InputError(
                f"config: training.checkpoints of {where}: under on_policy.budget tokens a run's steps are "
                f"not known beforehand; leave them out, or write budget: steps"
            )
        _check_batches(training, study.rollouts(config, model, method, task), devices, where, model)


def _check_batches(training: dict, samples: int, devices: int, where: str, model: str) -> None:
    """Each device takes as many prompts of an optimiser step, and as many of its rollouts a forward pass."""
    batch, device_batch = training["effective_batch"], training["device_batch"]
    if batch % devices:
        raise InputError(
            f"config: training.effective_batch of {where}: {batch} prompts a step are no multiple of "
            f"{devices} GPUs; set models.{model}.gpus.train to a divisor"
        )
    if batch * samples % (device_batch * devices):
        raise InputError(
            f"config: training.effective_batch of {where}: {batch} prompts x {samples} rollouts = "
            f"{batch * samples} are no multiple of device_batch {device_batch} x {devices} GPUs = "
            f"{device_batch * devices}; lower device_batch or models.{model}.gpus.train to a divisor"
        )


def check_teacher(config: dict, model: str, methods: Collection[str], faults: Faults) -> None:
    """Check that a model's teacher can be distilled where methods that are asked for do so.

    Vocabularies are compared where both folders are there already.
    """
    taught = [
        name for name in methods if name in study.on_policy(config) and study.kind_of(config, name).taught
    ]
    if not taught:
        return
    names, teacher = ", ".join(taught), config["models"][model]["teacher"]
    remedy = f"name an entry of teachers with a `model`, or take {names} out of the model's experiments"
    folder = config["teachers"][teacher].get("model")
    if folder is None:
        faults.append(
            f"config: models.{model}.teacher: {names} learns from the distribution of a teacher's model, and "
            f"`{teacher}` has none; {remedy}"
        )
        return
    base = config["models"][model]["base"]
    if all(Path(place, "tokenizer.json").is_file() for place in (base, folder)):
        if fault := vocabulary_fault(Path(base), Path(folder)):
            faults.append(
                f"config: models.{model}.teacher: {names} needs a teacher with the base's vocabulary, and "
                f"{fault}; {remedy}"
            )
