"""Models with a vision part that are supported, and what differs between them."""

from dataclasses import dataclass
from pathlib import Path

from tms.io import json_file
from tms.io.errors import InputError

TOWERS = r"\b(visual|audio_tower)\b"  # in the names of weights: what a model sees and hears with
FROZEN, TRAINED = "frozen", "trained"  # what `training.vision` may be
SIZES = {"patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2}  # transformers' defaults


@dataclass(frozen=True)
class Family:
    """Models of one `model_type`.

    Attributes:
        part: key of config.json that holds the model that is used; "": the config itself.
        placeholder: key, of that part, of the token that stands for a piece of an image; and its default.
        stored: beginnings of the names of weights in memory -> in files; the first that fits counts.
    """

    part: str
    placeholder: tuple[str, int]
    stored: tuple[tuple[str, str], ...]


FAMILIES = {
    "qwen2_5_vl": Family(
        "", ("image_token_id", 151655), (("model.visual.", "visual."), ("model.language_model.", "model."))
    ),
    # Of its parts the thinker alone, which reads images and writes text; not those that speak.
    "qwen2_5_omni": Family("thinker_config", ("image_token_index", 151655), (("", "thinker."),)),
}


@dataclass(frozen=True)
class VisionPart:
    """What a model folder's config says of the images that its model takes.

    Attributes:
        placeholder: id of the token that stands for a piece of an image.
        patch: pixels of a patch's side.
        merged: patches of a side that make one token.
        frames: frames that a patch spans; of a single image they are equal.
    """

    placeholder: int
    patch: int
    merged: int
    frames: int


def family_of(folder: Path) -> Family | None:
    """The family of a model folder; None of a model that only reads text, or is not supported with images."""
    return _family(_config(folder))


def vision_part(folder: Path) -> VisionPart:
    """The vision part of a model folder.

    Raises:
        InputError: its model has none, or one that is not supported, or the config says no sizes.
    """
    config = _config(folder)
    family = _family(config)
    if family is None:
        raise InputError(
            f"{folder}: rows have images, which models of type {config.get('model_type')!r} cannot read; "
            f"use one of type {' or '.join(FAMILIES)}"
        )
    own = _object(folder, config, family.part) if family.part else config
    vision, (key, default) = _object(folder, own, "vision_config"), family.placeholder
    numbers = {key: own.get(key, default)} | {name: vision.get(name, given) for name, given in SIZES.items()}
    for name, number in numbers.items():
        if type(number) is not int or number < 1:
            raise InputError(f"{folder}: its config.json has {name} {str(number)[:40]}; give a whole number")
    return VisionPart(*numbers.values())


def placeholder_of(folder: Path) -> int | None:
    """The token that stands for a piece of an image; None of a model that takes none here."""
    return vision_part(folder).placeholder if family_of(folder) else None


def stored_name(folder: Path, name: str) -> str:
    """Name of a weight in a model folder's files.

    Args:
        folder: of whole weights.
        name: of the weight in the model in memory.
    """
    family = family_of(folder)
    for begin, stored in family.stored if family else ():
        if name.startswith(begin):
            return stored + name.removeprefix(begin)
    return name


def _family(config: dict) -> Family | None:
    return FAMILIES.get(str(config.get("model_type")))  # a text, where nobody has damaged it


def _object(folder: Path, config: dict, name: str) -> dict:
    part = config.get(name) or {}
    if not isinstance(part, dict):
        raise InputError(
            f"{folder}: its config.json has a {name} that is no object; download the model again"
        )
    return part


def _config(folder: Path) -> dict:
    remedy = "run the stage that makes the folder, or download the model again"
    return json_file.read(folder / "config.json", "config of a model", remedy)
