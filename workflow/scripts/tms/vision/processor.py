"""A model folder's image processor: Qwen's, by transformers' code that needs no torchvision."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tms.io import json_file
from tms.io.errors import InputError
from tms.vision.families import VisionPart, vision_part

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

OWN, OF_ALL = "preprocessor_config.json", "processor_config.json"  # the second is transformers 5's
NAMES = {"Qwen2VLImageProcessor", "Qwen2VLImageProcessorFast", "Qwen2_5_VLImageProcessor"}
# Steps that are always taken; a folder that leaves one out means another processor.
FIXED = {
    **{"do_resize": True, "do_rescale": True, "do_normalize": True, "do_convert_rgb": True},
    **{"resample": 3, "rescale_factor": 1 / 255},
}
# transformers' defaults of what may differ.
FREE = {
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "min_pixels": 56 * 56,
    "max_pixels": 28 * 28 * 1280,
}
EDGES = {"min_pixels": "shortest_edge", "max_pixels": "longest_edge"}  # names of two of them in `size`
# Keys that say nothing of images: of the audio that Qwen2.5-Omni hears, and of how arrays lie.
OTHER = {
    *("image_processor_type", "processor_class", "size", "default_to_square", "data_format"),
    *("patch_size", "merge_size", "temporal_patch_size", "feature_extractor_type", "feature_size"),
    *("chunk_length", "dither", "hop_length", "n_fft", "n_samples", "nb_max_frames", "padding_side"),
    *("padding_value", "return_attention_mask", "sampling_rate"),
}


class Grid(NamedTuple):
    """Patches of an image: over time (1), rows and columns."""

    times: int
    rows: int
    columns: int


class ImageProcessor:
    """Makes a model's inputs of images.

    Args:
        folder: model folder with `preprocessor_config.json`, or `processor_config.json` that holds the same
            below `image_processor`.

    Attributes:
        part: the vision part of the folder's model.
        settings: all that decides the inputs, as JSON values.

    Raises:
        InputError: the model reads no images, or its processor does what is not done here.
    """

    def __init__(self, folder: Path):
        self.part: VisionPart = vision_part(folder)
        file, keys = _read(folder)
        known = FIXED.keys() | FREE.keys() | OTHER
        strange = sorted(name for name in keys.keys() - known if keys[name] not in (None, False))
        if strange or keys.get("image_processor_type") not in {None, *NAMES}:
            named = strange[0] if strange else f"image_processor_type {keys['image_processor_type']}"
            raise InputError(
                f"{file}: {named} is not known here, where Qwen2-VL's processor makes the pixels"
            )
        for name, value in FIXED.items():
            if keys.get(name, value) not in (value, None):
                raise InputError(f"{file}: {name} {keys[name]}; {value} alone is done here")
        sizes = {"patch_size": self.part.patch, "merge_size": self.part.merged}
        sizes |= {"temporal_patch_size": self.part.frames}
        for name, value in sizes.items():
            if keys.get(name, value) != value:
                raise InputError(f"{file}: {name} {keys[name]}, where the model in config.json has {value}")
        size = keys.get("size") or {}
        if not isinstance(size, dict) or {*filter(size.get, size)} - {*EDGES, *EDGES.values()}:
            raise InputError(
                f"{file}: size {str(size)[:60]}; {' and '.join(EDGES.values())} alone are read here"
            )
        self.settings = {name: _given(keys, size, name) for name in FREE} | sizes
        least, most = self.settings["min_pixels"], self.settings["max_pixels"]
        if not all(isinstance(pixels, int) for pixels in (least, most)) or not 0 < least <= most:
            raise InputError(f"{file}: from {least} to {most} pixels an image; give whole numbers, in order")
        for name in ("image_mean", "image_std"):
            if not _is_of_colours(value := self.settings[name]) or (name == "image_std" and 0 in value):
                raise InputError(f"{file}: {name} {str(value)[:60]}; give a number for each of three colours")

    def grid(self, width: int, height: int) -> Grid:
        """Patches of an image of so many pixels a side, once it is resized."""
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

        factor = self.part.patch * self.part.merged
        limits = self.settings["min_pixels"], self.settings["max_pixels"]
        sides = smart_resize(height, width, factor, *limits)
        return Grid(1, *(side // self.part.patch for side in sides))

    def tokens(self, grid: Grid) -> int:
        """Placeholders of an image."""
        return grid.rows * grid.columns // self.part.merged**2

    def pixels(self, image: Image) -> torch.Tensor:
        """Pixels of an image in RGB, resized and normalised: [patches, values of a patch], float32."""
        import torch

        with torch.inference_mode(False):  # they are kept, and may be trained on
            return self._made(images=[image], return_tensors="pt")["pixel_values"]

    @cached_property
    def _made(self) -> Qwen2VLImageProcessorPil:
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

        keys = dict(self.settings)
        size = {"shortest_edge": keys.pop("min_pixels"), "longest_edge": keys.pop("max_pixels")}
        return Qwen2VLImageProcessorPil(size=size, **keys)


def _read(folder: Path) -> tuple[Path, dict]:
    remedy = "download the model again, with all of its files"
    if (folder / OWN).exists() or not (folder / OF_ALL).exists():
        return folder / OWN, json_file.read(folder / OWN, "settings of an image processor", remedy)
    file = folder / OF_ALL
    return file, json_file.read(file, "settings of a processor", remedy, {"image_processor": dict})[
        "image_processor"
    ]


def _given(keys: dict, size: dict, name: str) -> object:
    """A setting of a folder; limits of pixels stand in `size` too, under two pairs of names."""
    if keys.get(name) is not None:
        return keys[name]
    if name in EDGES:
        return size.get(EDGES[name], size.get(name, FREE[name]))
    return FREE[name]


def _is_of_colours(values: object) -> bool:
    numbers = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    return numbers and len(values) == 3 and all(map(math.isfinite, values))
