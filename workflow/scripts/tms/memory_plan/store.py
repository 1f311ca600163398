"""Results of dry runs by what they depend on, so that each is made once."""

import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from tms.io import json_file
from tms.io.errors import InputError
from tms.io.whole_file import write_text
from tms.memory_plan.shapes import StepMemory, StepShape

SHIPPED = Path(__file__).parents[3] / "resources" / "memory_plan.json"  # of the shipped configuration
FOUND = Path("logs/memory_plan.json")
FORMAT = 1  # raise it where a change of the training step changes its memory; a test says when


class Store:
    """Looks dry runs up in what the project ships and in a file of the working directory; adds to the latter.

    Args:
        run: makes a dry run; None: what is not there is not known.
        shipped, found: files.
    """

    def __init__(
        self,
        run: Callable[[StepShape], StepMemory] | None,
        shipped: Path = SHIPPED,
        found: Path = FOUND,
    ):
        self.run, self.shipped, self.found = run, shipped, found

    def memory(self, shape: StepShape) -> StepMemory | None:
        """The memory of a step; None where it is not known and no dry run may be made."""
        name = key(shape)
        for file in (self.shipped, self.found):
            if name in (known := read(file)):
                return StepMemory(**known[name]["memory"])
        if self.run is None:
            return None
        memory = self.run(shape)
        self.found.parent.mkdir(parents=True, exist_ok=True)
        write(self.found, read(self.found) | {name: entry(shape, memory)})
        return memory


def dry_run(shape: StepShape) -> StepMemory:
    """Make a dry run, saying so: it takes some seconds."""
    size = f"{shape.architecture['num_hidden_layers']} layers of {shape.architecture['hidden_size']}"
    what = f"{size}, {shape.rows} x {shape.tokens} tokens ({shape.kind})"
    print(f"memory: {what}: computing", file=sys.stderr, flush=True)
    from tms.memory_plan import training_step  # torch and transformers

    return training_step.dry_run(shape)


def key(shape: StepShape) -> str:
    """Digest of all that a dry run's result depends on."""
    about = dataclasses.asdict(shape)
    # As keys were before there was LoRA, or a base beside the model.
    about = {name: value for name, value in about.items() if value or name not in ("lora", "base")}
    facts = [FORMAT, version("torch").partition("+")[0], version("transformers"), about]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def entry(shape: StepShape, memory: StepMemory) -> dict:
    """The stored form of a dry run: its result, and enough of its shape to be read."""
    values = dataclasses.asdict(shape).items()
    about = {name: value for name, value in values if value or name not in ("lora", "base")}
    keys = about.pop("architecture")
    size = {name: keys[name] for name in ("model_type", "hidden_size", "num_hidden_layers")}
    return {"shape": size | about, "memory": dataclasses.asdict(memory)}


def read(file: Path) -> dict:
    """The dry runs in a file; none where it is missing or broken, since each can be made again."""
    try:
        return json_file.read(file)
    except InputError:
        return {}


def write(file: Path, known: dict) -> None:
    """Write dry runs, whole or not at all."""
    lines = [f"{json.dumps(name)}: {json.dumps(known[name])}" for name in sorted(known)]
    write_text(file, "{\n" + ",\n".join(lines) + "\n}\n")
