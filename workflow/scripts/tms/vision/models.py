"""Classes of the models, those that read images among them, and which of their parts are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transformers import (
    AutoModelForCausalLM,
    PreTrainedModel,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5OmniThinkerForConditionalGeneration,
)
from transformers.modeling_outputs import CausalLMOutputWithPast

from tms.io.errors import InputError, first_line
from tms.vision.families import TRAINED

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedConfig


OWN_FILES = "put the model's own files there again, or the whole conversion"
OTHER_MODEL = "name a causal language model in the Hugging Face layout whose weights are not quantised"


class Thinker(Qwen2_5OmniThinkerForConditionalGeneration):
    """The thinker of Qwen2.5-Omni as a causal language model: a decoder and a head, as others have them.

    transformers' class is its own `base_model` and embeds ids before its decoder, so losses and TRL, which
    call the decoder and the head, could not use it. Sounds are not read.
    """

    base_model_prefix = "model"
    _keys_to_ignore_on_load_unexpected = (r"^talker\.", r"^token2wav\.")

    def forward(self, input_ids=None, labels=None, logits_to_keep: int = 0, **more) -> CausalLMOutputWithPast:
        """Logits [batch, tokens, V] of the last `logits_to_keep` tokens (0: all), and with labels the loss.

        Args:
            input_ids: [batch, tokens].
            labels: [batch, tokens], -100 where there is no loss.
            logits_to_keep: of each row.
            more: arguments of the decoder.
        """
        read = self.model(input_ids=input_ids, **more)
        logits = self.lm_head(read.last_hidden_state[:, -logits_to_keep:])
        loss = None
        if labels is not None:
            loss = self.loss_function(logits, labels, self.config.get_text_config().vocab_size)
        return CausalLMOutputWithPast(loss, logits, read.past_key_values)


def read_model(folder: Path, config: PreTrainedConfig, **how) -> PreTrainedModel:
    """Read a model folder with transformers' or our class for its kind.

    Args:
        folder: of whole weights.
        config: of the folder.
        how: arguments of `from_pretrained`.

    Raises:
        InputError: the folder lacks a weight of the model that its config.json describes, or has one of
            another shape, or weights that transformers cannot read here.
    """
    if config.model_type == "qwen2_5_vl":
        return _whole_layers(_read(Qwen2_5_VLForConditionalGeneration, folder, **how))
    if config.model_type == "qwen2_5_omni":  # its checkpoints keep the names of its files
        return _whole_layers(_read(Thinker, folder, key_mapping={r"^thinker\.": ""}, **how))
    return _read(AutoModelForCausalLM, folder, **how)


def _read(kind: type, folder: Path, **how) -> PreTrainedModel:
    """Read a model all of whose weights are the folder's: transformers would draw the others at random."""
    try:
        model, found = kind.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **how,
        )
    except (ImportError, ValueError) as error:  # quantised weights; a config of no causal language model
        raise InputError(f"{folder}: cannot be read ({first_line(error)}); {OTHER_MODEL}") from error
    if shapes := sorted(found["mismatched_keys"]):
        name, stored, asked = shapes[0]
        raise InputError(
            f"{folder}: its {name} has the shape {[*stored]}, and its config.json asks for {[*asked]} "
            f"({len(shapes)} such weights); {OWN_FILES}"
        )
    if missing := sorted(found["missing_keys"]):
        raise InputError(
            f"{folder}: no {missing[0]} in its *.safetensors files, which its config.json asks for "
            f"({len(missing)} such weights); {OWN_FILES}"
        )
    return model


def model_of(config: PreTrainedConfig, **how) -> PreTrainedModel:
    """A model with random weights.

    Args:
        config: of a model folder.
        how: arguments of `from_config`.
    """
    if config.model_type == "qwen2_5_vl":
        return _whole_layers(Qwen2_5_VLForConditionalGeneration._from_config(config, **how))
    if config.model_type == "qwen2_5_omni":
        return _whole_layers(Thinker._from_config(config.thinker_config, **how))
    return AutoModelForCausalLM.from_config(config, trust_remote_code=False, **how)


def tower_of(model: PreTrainedModel) -> PreTrainedModel | None:
    """The part of a model that holds its vision tower, as `visual`; None of one that reads text alone."""
    return next((part for part in (model, model.base_model) if hasattr(part, "visual")), None)


def freeze_towers(model: PreTrainedModel, vision: str) -> None:
    """Freeze what a model hears with and, unless `vision` is trained, what it sees with."""
    holder = tower_of(model)
    if holder is None:
        return
    holder.visual.requires_grad_(vision == TRAINED)
    if hasattr(holder, "audio_tower"):
        holder.audio_tower.requires_grad_(False)


def _whole_layers(model: PreTrainedModel) -> PreTrainedModel:
    """Name the decoder's layers alone as those that are sharded apart.

    The vision tower is then gathered with all else that is not in a layer: processes whose rows have no image
    do not enter it, and would not take part in gathering its layers.
    """
    model._no_split_modules = {type(model.get_decoder().layers[0]).__name__}
    return model
