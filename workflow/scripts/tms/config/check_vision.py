"""Checks of `training.vision` on one model."""

from tms.config import study
from tms.io.errors import InputError
from tms.vision.families import FROZEN, TRAINED


def check(config: dict, model: str, method: str) -> None:
    """Check that a vision tower is trained where training can do it: on one card, and without adapters.

    Raises:
        InputError: it is to be trained elsewhere.
    """
    cards = study.gpus(config, model, "train")
    for task in study.suite(config, model).targets:
        training = study.section(config, "training", model, method, task)
        if training["vision"] != TRAINED:
            continue
        where = f"config: training.vision of models.{model}, methods.{method}: {TRAINED}"
        if training.get("lora") is not None:
            raise InputError(
                f"{where}, but adapters are of the decoder alone; leave training.lora out, or write {FROZEN}"
            )
        if cards > 1:
            raise InputError(
                f"{where} works on one card, and models.{model}.gpus.train is {cards}; lower it, or write "
                f"{FROZEN}"
            )
