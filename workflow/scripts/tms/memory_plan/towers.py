"""Towers beside a decoder, which turn images and sound into vectors: parameters, and memory of images."""

from dataclasses import dataclass

from tms.memory_plan.architecture import THINKER, VISION, config
from tms.memory_plan.shapes import StepMemory, StepShape

AUDIO = "audio_config"
# transformers' defaults of Qwen2.5-VL and Qwen2.5-Omni; a `config.json` leaves out what is as there.
VISION_DEFAULTS = {
    **{"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "in_channels": 3, "patch_size": 14},
    **{"temporal_patch_size": 2, "spatial_merge_size": 2, "out_hidden_size": 3584},
}
AUDIO_DEFAULTS = {
    **{"d_model": 1280, "encoder_layers": 32, "encoder_ffn_dim": 5120, "num_mel_bins": 128},
    **{"output_dim": 3584},
}


@dataclass(frozen=True)
class Towers:
    """The towers of a model; of one that reads text alone they have no parameters.

    Attributes:
        vision, audio: parameters.
        patches: patches of an image that make one token.
        hidden, inner, depth: of the vision tower's blocks.
        values: numbers of a patch.
    """

    vision: int = 0
    audio: int = 0
    patches: int = 0
    hidden: int = 0
    inner: int = 0
    depth: int = 0
    values: int = 0

    @classmethod
    def of(cls, folder: str) -> "Towers":
        """The towers of a model folder that is there, or known by its name; none where nothing tells."""
        whole = config(folder) or {}
        own = whole.get(THINKER, whole)
        if VISION not in own:
            return cls()
        keys = VISION_DEFAULTS | own[VISION]
        hidden, inner, merged = (
            keys["hidden_size"],
            keys["intermediate_size"],
            keys["spatial_merge_size"] ** 2,
        )
        values = keys["in_channels"] * keys["temporal_patch_size"] * keys["patch_size"] ** 2
        return cls(
            vision=vision_parameters(keys, values, merged),
            audio=audio_parameters(AUDIO_DEFAULTS | own[AUDIO]) if AUDIO in own else 0,
            patches=merged,
            hidden=hidden,
            inner=inner,
            depth=keys["depth"],
            values=values,
        )

    @property
    def parameters(self) -> int:
        """Of all towers."""
        return self.vision + self.audio

    def working(self, tokens: int) -> int:
        """Bytes of a pass over images of so many tokens, beside weights: the pixels, and a block's pass.

        An upper bound: in float32, eight vectors of each patch and three of the block's inner layer.
        """
        return 4 * self.patches * tokens * (self.values + 8 * self.hidden + 3 * self.inner)

    def kept(self, tokens: int, recompute: bool) -> int:
        """Bytes that a pass keeps where the vision tower is trained: of each block its input in float32, and
        all that its backward pass needs in bfloat16 where that is not computed again."""
        block = 4 * self.hidden + (0 if recompute else 24 * self.hidden + 8 * self.inner)
        return self.patches * tokens * self.depth * block


def training_bytes(towers: Towers, shape: StepShape, images: int, trained: bool, step: StepMemory) -> float:
    """Bytes on a card that towers add to a training step of their decoder.

    Frozen ones have weights alone, and are through before the decoder keeps anything. Images pass one after
    the other. Shards are gathered in bfloat16.

    Args:
        towers: of the model.
        shape: of the decoder's step.
        images: tokens of a row's images.
        trained: whether the vision tower learns.
        step: memory of the decoder's step.
    """
    width = 2 if shape.lora and shape.bf16 else 4
    parts = shape.processes if shape.sharded else 1
    weights = width * towers.parameters / parts + (2 * towers.parameters if shape.sharded else 0)
    working = towers.working(images)
    if not trained:
        return weights + max(working - step.activations - step.working, 0)
    states = 12 * towers.vision / parts  # gradients and two moments, in float32
    return weights + states + towers.kept(shape.rows * images, shape.recompute) + working


def reading_bytes(towers: Towers, width: float, images: int) -> float:
    """Bytes of towers where a model only reads: `width` a parameter, and a pass over so many tokens."""
    return width * towers.parameters + towers.working(images)


def vision_parameters(keys: dict, values: int, merged: int) -> int:
    """Parameters of the vision tower of a Qwen2.5-VL or Qwen2.5-Omni.

    Args:
        keys: of its `vision_config`.
        values: numbers of a patch.
        merged: patches that make a token.
    """
    hidden, inner = keys["hidden_size"], keys["intermediate_size"]
    attention = 4 * hidden * hidden + 4 * hidden
    block = attention + 3 * hidden * inner + 2 * inner + hidden + 2 * hidden
    wide = merged * hidden
    merger = hidden + wide * wide + wide + wide * keys["out_hidden_size"] + keys["out_hidden_size"]
    return values * hidden + keys["depth"] * block + merger


def audio_parameters(keys: dict) -> int:
    """Parameters of the audio tower of a Qwen2.5-Omni, by the keys of its `audio_config`."""
    hidden, inner, out = keys["d_model"], keys["encoder_ffn_dim"], keys["output_dim"]
    layer = 4 * hidden * hidden + 3 * hidden + 2 * hidden * inner + inner + hidden + 4 * hidden
    convolutions = 3 * hidden * (keys["num_mel_bins"] + hidden) + 2 * hidden
    return keys["encoder_layers"] * layer + convolutions + 2 * hidden + hidden * out + out + 2 * out


def reading_parts(config: dict, folder: str, width: float) -> dict[str, float]:
    """Bytes of a model's towers where it only reads, `width` a parameter; nothing of one without."""
    towers = Towers.of(folder)
    if not towers.vision:
        return {}
    return {"towers": reading_bytes(towers, width, config["compute"]["longest_images"])}
