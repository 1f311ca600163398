"""The parts of a check: what is run, in which order, and what is left out for want of a package."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from tms.gpu_check import random_model, trials
from tms.gpu_check.runner import Part
from tms.gpu_check.shapes import Shape
from tms.gpu_check.trials import Trial

# Kinds of parts: seconds that one may take, and the packages without which it is skipped.
KINDS = {
    "cards": (60, ["torch"]),
    "all-reduce": (90, ["torch", "accelerate"]),
    "train": (150, ["torch", "transformers", "accelerate"]),
    "generate": (240, ["torch", "transformers", "vllm"]),
    "on-policy": (240, ["torch", "transformers", "accelerate", "trl"]),
}


@dataclass(frozen=True)
class Machine:
    """The machine that the check runs on.

    Attributes:
        names: of the cards, for CUDA_VISIBLE_DEVICES; on a CPU as many words as processes.
        card_bytes: memory of a card; None on a CPU.
    """

    names: list[str]
    card_bytes: int | None

    @property
    def on_gpu(self) -> bool:
        return self.card_bytes is not None


def missing(kind: str) -> list[str]:
    """Packages without which a kind of part is skipped."""
    return [name for name in KINDS[kind][1] if importlib.util.find_spec(name) is None]


def training_name(shape: Shape, trial: Trial) -> str:
    """Name of a trial's part."""
    return f"{shape.kind} {shape.name} {trial.layers} layers"


def generating(shapes: list[Shape]) -> list[Shape]:
    """One shape for each architecture and number of cards: training alone tells the others apart."""
    first: dict[str, Shape] = {}
    for shape in shapes:
        if shape.part != "on-policy":
            first.setdefault(repr((shape.architecture, shape.generating_cards)), shape)
    return list(first.values())


def parts(shapes: list[Shape], machine: Machine, folder: Path, kinds: list[str]) -> list[Part]:
    """Parts of some kinds, in the order in which they start.

    Args:
        shapes: to be checked.
        machine: that checks.
        folder: for the model folders, which are written.
        kinds: keys of `KINDS`.
    """
    cards, found = len(machine.names), []
    for kind in kinds:
        if missing(kind):
            continue
        if kind == "cards":
            found.append(Part(kind, "cards", {}, cards, 1, KINDS[kind][0]))
        elif kind == "all-reduce":
            found.append(Part(kind, "all_reduce", {}, cards, cards, KINDS[kind][0]))
        elif kind == "generate":
            for shape in generating(shapes):
                if trial := trials.generating(shape, cards, machine.card_bytes):
                    found.append(_generation(shape, trial, machine, folder))
        else:
            for shape in (shape for shape in shapes if shape.part == kind):
                tried = trials.plan(shape, cards, machine.card_bytes)
                found += [_training(shape, trial, machine, folder) for trial in tried]
    return found


def _training(shape: Shape, trial: Trial, machine: Machine, folder: Path) -> Part:
    name, on_policy = training_name(shape, trial), shape.part == "on-policy"
    settings = {
        "folder": str(random_model.write_config(folder / name, shape.architecture, trial.layers)),
        "sharded": shape.sharded(machine.card_bytes),
        "device_batch": shape.device_batch,
        "tokens": shape.tokens,
        "recompute": shape.recompute,
        "lora": shape.lora,
    }
    if on_policy:
        random_model.write_tokenizer(folder / name)
        settings |= {"algorithm": shape.kind, "completion": shape.completion}
    module = "on_policy" if on_policy else "training"
    return Part(name, module, settings, trial.processes, trial.processes, KINDS[shape.part][0])


def _generation(shape: Shape, trial: Trial, machine: Machine, folder: Path) -> Part:
    name = f"generate {shape.name}"
    settings = {
        "engine": "vllm",
        "model": shape.folder if trial.layers == shape.layers else None,
        "folder": str(random_model.write_config(folder / name, shape.architecture, trial.layers)),
        "tensor_parallel": trial.processes if machine.on_gpu else 1,
        "on_gpu": machine.on_gpu,
    }
    return Part(name, "generation", settings, trial.processes, 1, KINDS["generate"][0])
