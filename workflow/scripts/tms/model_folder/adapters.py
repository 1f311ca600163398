"""LoRA adapters in a model folder: W + alpha / r x B A for weights W of a base that lies elsewhere.

The files are peft's own: `adapter_config.json` says where the base is, alpha and r, and
`adapter_model.safetensors` holds A [r, in] and B [out, r] of each weight [out, in] (LoRA, arXiv 2106.09685).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tms.io.errors import InputError
from tms.model_folder.adapter_config import ADAPTER_WEIGHTS, adapter_settings, base_of
from tms.vision.families import TOWERS, stored_name

PREFIX = "base_model.model."  # peft's, of the names of the base's modules
# Keys of an adapter's config that change what is merged, and the values that leave it as above.
PLAIN = {
    "peft_type": "LORA",
    **{"use_rslora": False, "use_dora": False, "fan_in_fan_out": False, "bias": "none"},
    **{"rank_pattern": {}, "alpha_pattern": {}, "modules_to_save": None, "trainable_token_indices": None},
}


@dataclass(frozen=True)
class Adapters:
    """The adapters of a folder.

    Attributes:
        folder: that they were read from.
        scale: alpha / r.
        factors: name of a weight in the base's files -> A [r, in] and B [out, r].
    """

    folder: Path
    scale: float
    factors: dict[str, tuple]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder's adapters.

        Raises:
            InputError: they are of another kind than plain LoRA.
        """
        from safetensors.torch import load_file

        return cls.of(folder, load_file(folder / ADAPTER_WEIGHTS))

    @classmethod
    def of(cls, folder: Path, tensors: dict) -> Self:
        """Adapters with the settings of a folder, of tensors by peft's names.

        Raises:
            InputError: they are of another kind than plain LoRA.
        """
        settings = adapter_settings(folder)
        modules = {name.partition(".lora_")[0] for name in tensors}
        pairs = {module: [f"{module}.lora_{factor}.weight" for factor in "AB"] for module in modules}
        other = [name for name, value in PLAIN.items() if (settings.get(name) or value) != value]
        other += sorted({*tensors} ^ {name for pair in pairs.values() for name in pair})
        if other:
            raise InputError(
                f"{folder}: adapters of another kind than plain LoRA ({other[0]}), which are not merged "
                f"here; merge them into a whole model folder first"
            )
        base = Path(settings["base_model_name_or_path"])
        factors = {
            stored_name(base, f"{module.removeprefix(PREFIX)}.weight"): tuple(map(tensors.get, pairs[module]))
            for module in sorted(modules)
        }
        return cls(folder, settings["lora_alpha"] / settings["r"], factors)

    def merged(self, name: str, weight):
        """A weight of the base with its adapter, computed in float32 on the weight's device.

        Args:
            name: of the weight; one without an adapter is returned as it is.
            weight: [out, in].
        """
        if name not in self.factors:
            return weight
        a, b = (factor.to(weight.device).float() for factor in self.factors[name])
        return (b @ a).mul_(self.scale).add_(weight)

    def merged_weights(self) -> Iterator[tuple]:
        """Names and tensors of the whole model, one after the other, as the base's files name them.

        Raises:
            InputError: the base lacks a weight that has an adapter.
        """
        from safetensors import safe_open

        left = set(self.factors)
        for file in sorted(base_of(self.folder).glob("*.safetensors")):
            with safe_open(file, "pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118 (no mapping)
                    left.discard(name)
                    yield name, self.merged(name, tensors.get_tensor(name))
        self.check_found(left)

    def check_found(self, left: set[str]) -> None:
        """Refuse adapters of weights that the base lacks."""
        if left:
            raise InputError(
                f"{self.folder}: adapters of {min(left)}, which its base {base_of(self.folder)} lacks; they "
                f"belong to another model"
            )


def check_targets(base: Path, targets: Sequence[str]) -> None:
    """Refuse names of modules that no decoder layer of a base has, or that are no linear layers.

    Args:
        base: model folder, whose files' headers are read; without files every name passes.
        targets: names such as `q_proj` or `self_attn.q_proj`.

    Raises:
        InputError: an unknown name.
    """
    modules = {
        name.removesuffix(".weight")
        for name, dimensions in stored_weights(base).items()
        if re.search(r"\.[0-9]+\.", name) and name.endswith(".weight") and dimensions == 2
        if not re.search(TOWERS, name)
    }
    unknown = [name for name in targets if not any(f".{path}".endswith(f".{name}") for path in modules)]
    if modules and unknown:
        known = sorted({path.rpartition(".")[2] for path in modules})
        raise InputError(
            f"training.lora.targets: {base} has no linear layer {', '.join(unknown)} in its decoder; known "
            f"are {', '.join(known)}, or all-linear"
        )


def stored_weights(base: Path) -> dict[str, int]:
    """Names of the weights in a model folder's files -> its number of dimensions, from their headers."""
    from safetensors import safe_open

    found = {}
    for file in sorted(base.glob("*.safetensors")):
        with safe_open(file, "np") as tensors:
            for name in tensors.keys():  # noqa: SIM118 (no mapping)
                found[name] = len(tensors.get_slice(name).get_shape())
    return found
