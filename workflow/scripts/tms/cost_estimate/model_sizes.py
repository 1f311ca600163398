"""Parameters and bytes of model folders, whether they are there yet or not."""

from math import prod
from pathlib import Path

from safetensors import SafetensorError, safe_open

from tms.config.paths import MODEL_FOLDERS
from tms.config.pretrained import folders
from tms.cost_estimate.throughput import Throughput
from tms.io import machine
from tms.io.errors import InputError
from tms.memory_plan.architecture import architecture, lora_parameters
from tms.memory_plan.towers import Towers
from tms.model_folder.weights_record import mending

USED = "thinker."  # begins the names of the weights that read images and write text


class ModelSizes:
    """Parameters and bytes of the folders that a configuration names.

    Args:
        config: the whole configuration.
        figures: what is assumed of folders that are not there yet.
    """

    def __init__(self, config: dict, figures: Throughput):
        self.config, self.bytes_a_parameter = config, figures.plain["bytes_a_parameter"]
        self.stated = dict.fromkeys(folders(config), figures.plain["pretrained_parameters"])
        self.keys: dict[str, str] = {}  # folder -> where the config names it
        for section, key in MODEL_FOLDERS.items():
            for name, entry in config.get(section, {}).items():
                if key not in entry:
                    continue
                self.keys[entry[key]] = f"{section}.{name}"
                if "parameters" in entry:
                    self.stated[entry[key]] = float(entry["parameters"])
        self.read: dict[str, tuple[float, float]] = {}

    def parameters(self, folder: str) -> float:
        """Parameters of the model in a folder, as its files say, else as the configuration says.

        Raises:
            InputError: neither says.
        """
        if counted := self._files(folder):
            return counted[0]
        if folder not in self.stated:
            key = self.keys.get(folder, "models.<name>")
            raise InputError(
                f"config: key {key}.parameters is missing and {folder} is not there to count them; add it"
            )
        return self.stated[folder]

    def decoder(self, folder: str) -> float:
        """Those of them that each token passes: without towers for images and sound."""
        return self.parameters(folder) - Towers.of(folder).parameters

    def tower_work(self, folder: str) -> float:
        """Work of the vision tower for a token of an image, in passes of the decoder over a token."""
        towers = Towers.of(folder)
        return towers.vision * towers.patches / self.decoder(folder) if towers.vision else 0.0

    def bytes(self, folder: str) -> float:
        """Bytes of the folder's weights."""
        if counted := self._files(folder):
            return counted[1]
        return self.parameters(folder) * self.bytes_a_parameter

    def checkpoint_bytes(self, folder: str, dtype: str) -> float:
        """Bytes of a checkpoint of that model, with `training.checkpoint_dtype`."""
        width = {"float32": 4, "bfloat16": 2}.get(dtype)
        return width * self.parameters(folder) if width else self.bytes(folder)

    def trained_parameters(self, folder: str, lora: dict | None) -> float:
        """Parameters that a run trains and saves: all, or those of `training.lora` (all where nothing tells
        the model's architecture)."""
        keys = architecture(folder) if lora else None
        return lora_parameters(keys, lora) if keys else self.parameters(folder)

    def _files(self, folder: str) -> tuple[float, float] | None:
        if folder not in self.read and any(Path(folder).glob("*.safetensors")):
            self.read[folder] = folder_size(Path(folder))
        return self.read.get(folder)


def folder_size(folder: Path) -> tuple[float, float]:
    """Parameters and bytes of a folder's weights, from the headers of its files; of a Qwen2.5-Omni, which
    speaks too, those of the part that is used.

    Raises:
        InputError: a file is not whole.
    """
    files = sorted(folder.glob("*.safetensors"))
    counts = {name: count for file in files for name, count in _counts(file).items()}
    size, total = sum(file.stat().st_size for file in files), sum(counts.values())
    used = sum(count for name, count in counts.items() if name.startswith(USED)) or total
    return float(used), size * used / total if used < total else float(size)


def _counts(file: Path) -> dict[str, int]:
    """Numbers in each tensor."""
    try:
        file.open("rb").close()  # of a file that it may not open, safe_open says that none is there
        with safe_open(file, framework="numpy") as tensors:
            return {name: prod(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, MemoryError) as error:
        damaged = f"{file}: not a whole safetensors file ({error}); {mending(file.parent)}"
        raise InputError(machine.refused(error, file) or damaged) from error
