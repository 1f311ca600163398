"""Training shapes of the configuration: which model, on how many cards, with how many tokens at once."""

import json
from dataclasses import dataclass
from pathlib import Path

from tms.config import study
from tms.memory_plan import architecture as architecture_of
from tms.training import devices

SMALL_ROWS = 64  # tokens of a row of the CPU form


@dataclass(frozen=True)
class Shape:
    """A model and how it is trained and generates.

    Attributes:
        name: models that have it, joined by commas.
        architecture: keys of its `config.json`.
        cards: cards of a training job, on each of which one process runs.
        device_batch: rows that a card takes at once.
        tokens: of the longest row, prompt and completion.
        recompute: on or off: gradient checkpointing.
        fsdp: one of `devices.FSDP`.
        generating_cards: cards over which a generating job spreads it.
        folder: of the weights; None where they are not there.
    """

    name: str
    architecture: dict
    cards: int
    device_batch: int
    tokens: int
    recompute: str = "off"
    fsdp: str = "auto"
    generating_cards: int = 1
    folder: str | None = None

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
        if self.cards < 2:
            return False
        return devices.shards(self.fsdp, self.parameters, self.cards, card_bytes)


def parameters(architecture: dict, layers: int) -> int:
    """Parameters of a model with so many layers, tied ones once."""
    return architecture_of.parameters(architecture | {"num_hidden_layers": layers})


def configured(config: dict, models: list[str]) -> tuple[list[Shape], list[str]]:
    """Shapes of models, the smallest first and the largest next, and the models whose size nothing tells.

    Models that differ in nothing that is measured share one shape.
    """
    found: dict[tuple, Shape] = {}
    unknown = []
    for model in models:
        base = config["models"][model]["base"]
        keys = architecture_of.architecture(base)
        if keys is None:
            unknown.append(model)
            continue
        task = max(
            study.suite(config, model).targets, key=lambda task: config["tasks"][task]["max_new_tokens"]
        )
        training = study.section(config, "training", model, "sft", task)
        shape = Shape(
            name=model,
            architecture=keys,
            cards=study.gpus(config, model, "train"),
            device_batch=training["device_batch"],
            tokens=config["tasks"][task]["max_new_tokens"] + config["compute"]["longest_prompt"],
            recompute=_switch(training.get("gradient_checkpointing", False)),
            fsdp=_switch(training.get("fsdp", "auto")),
            generating_cards=study.gpus(config, model, "generate"),
            folder=base if any(Path(base).glob("*.safetensors")) else None,
        )
        same = (json.dumps(keys, sort_keys=True), *list(vars(shape).values())[2:-1])
        if same in found:
            shape = Shape(**vars(found[same]) | {"name": f"{found[same].name},{model}"})
        found[same] = shape
    ordered = sorted(found.values(), key=lambda shape: shape.parameters)
    return [*ordered[:1], *ordered[:0:-1]], unknown


def small() -> list[Shape]:
    """The miniature's shape in two processes of a CPU, copied and sharded."""
    base = architecture_of.KNOWN.parent / "miniature" / "base"
    keys = json.loads((base / "config.json").read_text())
    return [
        Shape(f"tiny {kind}", keys, 2, 2, SMALL_ROWS, fsdp=fsdp, folder=str(base))
        for kind, fsdp in (("copied", "off"), ("sharded", "on"))
    ]


def _switch(value: bool | str) -> str:
    return {True: "on", False: "off"}.get(value, value)
