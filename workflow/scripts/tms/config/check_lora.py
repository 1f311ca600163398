"""Checks of LoRA's settings on one model."""

from pathlib import Path

from tms.config import study
from tms.io.errors import InputError
from tms.model_folder.adapters import check_targets


def check(config: dict, model: str, method: str) -> None:
    """Check a method's adapters on one model: their targets, where the base is there, and their cards.

    Raises:
        InputError: targets that the base lacks, or adapters that are to be sharded.
    """
    for task in study.suite(config, model).targets:
        training = study.section(config, "training", model, method, task)
        lora = training.get("lora")
        if lora is None:
            continue
        where = f"models.{model}, methods.{method}"
        if training.get("fsdp") is True:
            raise InputError(
                f"config: training.lora of {where}: adapters are not sharded; leave fsdp: true out"
            )
        base = Path(config["models"][model]["base"])
        if isinstance(lora.get("targets"), list):
            try:
                check_targets(base, lora["targets"])
            except InputError as error:
                raise InputError(f"config: {str(error).replace(':', f' of {where}:', 1)}") from error
