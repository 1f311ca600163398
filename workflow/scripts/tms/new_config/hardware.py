"""The machine on which a new configuration is written: cards where it has some, else the CPU."""

import subprocess
from dataclasses import dataclass, field

from tms.gpu_check.environment import visible_cards
from tms.new_config import sizes

# Of `training`, where a model's whole training state fits on no cards of the machine.
LORA = {
    "device_batch": 1,
    "gradient_checkpointing": True,
    "lora": {"rank": 16, "alpha": 32, "targets": "all-linear", "dropout": 0},
}


@dataclass(frozen=True)
class Machine:
    """Keys of a model's entry, and those of its `training` for LoRA (empty: all weights are trained)."""

    words: str
    keys: dict = field(default_factory=dict)
    lora: dict = field(default_factory=dict)


def choose(parameters: float, has_vllm: bool, cards: list[dict] | None = None) -> Machine:
    """Cards and engine for a model.

    Args:
        parameters: of the model; 0 where they are not known.
        has_vllm: whether vLLM is installed.
        cards: as `visible_cards` gives them; None: those of this machine.
    """
    if cards is None:
        cards = _cards()
    if not cards:
        return Machine("no card here: everything runs on the CPU")
    memory = min(card["bytes"] for card in cards)
    train = sizes.cards(parameters, memory, len(cards))
    generate = sizes.generating_cards(parameters, memory, len(cards))
    keys = {"engine": "vllm"} if has_vllm else {}
    keys["gpus"] = {"train": train or 1, "generate": generate}
    lora = {} if train else LORA
    how = "LoRA, since its whole training state does not fit" if lora else "all weights are trained"
    return Machine(f"{len(cards)} x {cards[0]['name']}: {how}", keys, lora)


def warnings(machine: Machine, longest_prompt: int, planned: int) -> list[str]:
    """Settings beside the configuration, a line each.

    Args:
        machine: as `choose` gives it.
        longest_prompt: tokens of the longest prompt of the data.
        planned: `compute.longest_prompt`, with which memory is computed.
    """
    if "gpus" not in machine.keys:
        return []
    found = []
    if "engine" not in machine.keys:
        found.append(
            "vLLM is not installed, and Transformers is slow at generating: `make gpu`, then engine: vllm"
        )
    if longest_prompt > planned:
        found.append(
            f"compute.longest_prompt: {longest_prompt} makes the computed memory that of your prompts"
        )
    return found


def _cards() -> list[dict]:
    try:
        return visible_cards()
    except (OSError, subprocess.SubprocessError):
        return []
