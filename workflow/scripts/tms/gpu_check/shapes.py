"""Shapes of the configuration's jobs: which model, on how many cards, with how many tokens at once."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from tms.config import hardware, study, tasks
from tms.memory_plan import architecture as architecture_of
from tms.training import devices

SMALL_ROWS, SMALL_ROLLOUT = 64, 24  # tokens of a row of the CPU form, and of a rollout in one
# Kinds of jobs: SFT and students, the on-policy algorithms, and models that only generate.
TRAIN, ON_POLICY, GENERATE = "train", ("grpo", "reinforce", "trapo"), "generate"


@dataclass(frozen=True)
class Shape:
    """A model and how it is trained and generates.

    Attributes:
        name: models (or teachers) that have it, joined by commas.
        architecture: keys of its `config.json`.
        cards: cards of a training job, on each of which one process runs.
        device_batch: rows that a card takes at once.
        tokens: of the longest row, prompt and completion.
        completion: of those, the completion's.
        recompute: on or off: gradient checkpointing.
        fsdp: one of `devices.FSDP`.
        lora: `training.lora` of the configuration; None: all weights are trained.
        generating_cards: cards over which a generating job spreads it.
        folder: of the weights; None where they are not there.
        kind: TRAIN, one of ON_POLICY, or GENERATE.
    """

    name: str
    architecture: dict
    cards: int
    device_batch: int
    tokens: int
    completion: int = 0
    recompute: str = "off"
    fsdp: str = "auto"
    lora: dict | None = None
    generating_cards: int = 1
    folder: str | None = None
    kind: str = TRAIN

    @property
    def part(self) -> str:
        """Kind of the parts that check it."""
        return "on-policy" if self.kind in ON_POLICY else self.kind

    @property
    def layers(self) -> int:
        """Number of decoder layers."""
        return self.architecture["num_hidden_layers"]

    @property
    def parameters(self) -> int:
        """Number of parameters, tied ones once."""
        return parameters(self.architecture, self.layers)

    def sharded(self, card_bytes: int | None) -> bool:
        """Whether the workflow would shard it on its configured cards."""
        if self.cards < 2 or self.lora:
            return False
        return devices.shards(self.fsdp, self.parameters, self.cards, card_bytes)


def parameters(architecture: dict, layers: int) -> int:
    """Parameters of a model with so many layers, tied ones once."""
    return architecture_of.parameters(architecture | {"num_hidden_layers": layers})


def configured(config: dict, models: list[str]) -> tuple[list[Shape], list[str]]:
    """Shapes of models and their teachers, and the models whose size nothing tells.

    By kind; of each the smallest first and the largest next. Models that differ in nothing that is measured
    share one shape.
    """
    shapes: list[Shape] = []
    unknown = []
    for model in models:
        keys = architecture_of.architecture(config["models"][model]["base"])
        if keys is None:
            unknown.append(model)
            continue
        for kind, method in _methods(config, model).items():
            shapes.append(_of_training(config, model, kind, method, keys))
    shapes += _teachers(config, models)
    found: dict[str, Shape] = {}
    for shape in shapes:
        measured = {key: value for key, value in vars(shape).items() if key not in ("name", "folder")}
        same = json.dumps(measured, sort_keys=True)
        if same in found:
            shape = replace(found[same], name=f"{found[same].name},{shape.name}")
        found[same] = shape
    ordered = {
        kind: _smallest_largest_others(shape for shape in found.values() if shape.kind == kind)
        for kind in (TRAIN, *ON_POLICY, GENERATE)
    }
    # Each algorithm with the smallest model, then with the largest: time may end before all.
    on_policy = [shape for same in zip_longest(*map(ordered.get, ON_POLICY)) for shape in same if shape]
    return [*ordered[TRAIN], *on_policy, *ordered[GENERATE]], unknown


def _smallest_largest_others(shapes: Iterable[Shape]) -> list[Shape]:
    ordered = sorted(shapes, key=lambda shape: shape.parameters)
    return [*ordered[:1], *ordered[:0:-1]]


def _methods(config: dict, model: str) -> dict[str, str]:
    """A method of each kind that a model trains."""
    on_policy = [name for name in study.model_methods(config, model) if name in study.on_policy(config)]
    return {TRAIN: "sft"} | {config["methods"][name]["kind"]: name for name in on_policy}


def _of_training(config: dict, model: str, kind: str, method: str, keys: dict) -> Shape:
    prompt, limits = config["compute"]["longest_prompt"], {}
    for task in study.suite(config, model).targets:
        most = math.inf
        if kind in ON_POLICY:
            most = study.section(config, "on_policy", model, method, task)["max_new_tokens"]
        limits[task] = architecture_of.within_context(keys, tasks.longest_row(config, task, prompt, most))
    task = max(limits, key=limits.get)
    training = study.section(config, "training", model, method, task)
    return Shape(
        name=model,
        architecture=keys,
        cards=study.gpus(config, model, "train"),
        device_batch=training["device_batch"],
        tokens=limits[task],
        completion=limits[task] - prompt,
        recompute=hardware.switch(training.get("gradient_checkpointing", False)),
        fsdp=hardware.switch(training.get("fsdp", "auto")),
        lora=training.get("lora"),
        generating_cards=study.gpus(config, model, "generate"),
        folder=_with_weights(config["models"][model]["base"]),
        kind=kind,
    )


def _teachers(config: dict, models: list[str]) -> list[Shape]:
    """Shapes of the models' teachers that generate with vLLM on cards."""
    shapes = []
    for name in dict.fromkeys(config["models"][model]["teacher"] for model in models):
        entry = config["teachers"][name]
        keys = (
            architecture_of.architecture(entry["model"]) if entry.get("gpus") and "model" in entry else None
        )
        if keys and study.engine(config, "teachers", name) == "vllm":
            folder = _with_weights(entry["model"])
            given = {"generating_cards": entry["gpus"], "folder": folder, "kind": GENERATE}
            shapes.append(Shape(name, keys, cards=0, device_batch=0, tokens=0, **given))
    return shapes


def small() -> list[Shape]:
    """The miniature's shape on a CPU, copied to two processes, shared by them, and in one."""
    base = architecture_of.KNOWN.parent / "miniature" / "base"
    keys = json.loads((base / "config.json").read_text())
    made = [
        ("tiny copied", TRAIN, 2, "off"),
        ("tiny sharded", TRAIN, 2, "on"),
        ("tiny sharded", "grpo", 2, "on"),
        ("tiny", "reinforce", 1, "off"),
        ("tiny copied", "trapo", 2, "off"),
    ]
    sizes = {"device_batch": 2, "tokens": SMALL_ROWS, "completion": SMALL_ROLLOUT, "folder": str(base)}
    return [Shape(name, keys, cards, **sizes, fsdp=fsdp, kind=kind) for name, kind, cards, fsdp in made]


def _with_weights(folder: str) -> str | None:
    return folder if any(Path(folder).glob("*.safetensors")) else None
