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

from tms.vision.families import TRAINED

if TYPE_CHECKING:
    from transformers import PreTrainedConfig


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


def class_of(config: PreTrainedConfig) -> tuple[type, dict]:
    """The class of a model folder's model, transformers' or ours, and arguments of its `from_pretrained`.

    Args:
        config: of the folder.
    """
    if config.model_type == "qwen2_5_vl":
        return Qwen2_5_VLForConditionalGeneration, {}
    if config.model_type == "qwen2_5_omni":  # its checkpoints keep the names of its files
        return Thinker, {"key_mapping": {r"^thinker\.": ""}}
    return AutoModelForCausalLM, {}


def model_of(config: PreTrainedConfig, **how) -> PreTrainedModel:
    """A model with random weights.

    Args:
        config: of a model folder.
        how: arguments of `from_config`.
    """
    if config.model_type == "qwen2_5_vl":
        return whole_layers(Qwen2_5_VLForConditionalGeneration._from_config(config, **how))
    if config.model_type == "qwen2_5_omni":
        return whole_layers(Thinker._from_config(config.thinker_config, **how))
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


def whole_layers(model: PreTrainedModel) -> PreTrainedModel:
    """Name the decoder's layers alone as those that are sharded apart, of a model with a vision tower.

    The vision tower is then gathered with all else that is not in a layer: processes whose rows have no image
    do not enter it, and would not take part in gathering its layers.
    """
    if tower_of(model) is not None:
        model._no_split_modules = {type(model.get_decoder().layers[0]).__name__}
    return model
