"""Converts a GGUF file of the Llama architecture to a model folder with its tokenizer and chat template."""

from pathlib import Path

from tms.io.errors import InputError
from tms.wheels import gguf_tokenizer, gguf_weights

# Keys of the file's metadata -> of the model's config.
SIZES = {
    "vocab_size": "vocab_size",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "block_count": "num_hidden_layers",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "context_length": "max_position_embeddings",
}


def convert(file: Path, folder: Path) -> None:
    """Write a GGUF file's model into a folder that exists.

    The weights are dequantised and rounded to bf16 (8 significant bits): they are neither the file's to the
    last bit nor those that it was quantised from.

    Raises:
        InputError: no whole GGUF file, or an architecture, quantisation or tokenizer that is not read.
    """
    reader = gguf_weights.open_file(file)
    values = {key: field.contents() for key, field in reader.fields.items()}
    try:
        config = model_config(values)
        tokenizer = gguf_tokenizer.build_tokenizer(values, config.max_position_embeddings)
        _write(reader, config, tokenizer, folder)
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from error
    except KeyError as error:
        raise InputError(f"{file.name}: no {error} in its metadata; name another file") from error


def model_config(values: dict):
    """The config of the model, `transformers.LlamaConfig`.

    Args:
        values: key of the file's metadata -> value.

    Raises:
        InputError: another architecture, or scaled rotary positions.
        KeyError: a value is missing.
    """
    import numpy as np
    from transformers import LlamaConfig

    architecture = values.get("general.architecture")
    if architecture != "llama":
        raise InputError(f"architecture {architecture}: only llama is read; name another file")
    scaling = values.get("llama.rope.scaling.type", "none")
    if scaling != "none":
        raise InputError(f"rotary positions scaled by {scaling} are not read; name another file")
    return LlamaConfig(
        **{key: int(values[f"llama.{name}"]) for name, key in SIZES.items()},
        # float32 in the file: 1e-5, not 9.999999747e-6
        rms_norm_eps=float(str(np.float32(values["llama.attention.layer_norm_rms_epsilon"]))),
        rope_parameters={"rope_type": "default", "rope_theta": float(values["llama.rope.freq_base"])},
        bos_token_id=int(values["tokenizer.ggml.bos_token_id"]),
        eos_token_id=int(values["tokenizer.ggml.eos_token_id"]),
        pad_token_id=int(values["tokenizer.ggml.padding_token_id"]),
        architectures=["LlamaForCausalLM"],
        dtype="bfloat16",
    )


def _write(reader, config, tokenizer, folder: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import GenerationConfig

    heads = config.num_attention_heads, config.num_key_value_heads
    tensors = {
        name: torch.tensor(weight).to(torch.bfloat16) for name, weight in gguf_weights.weights(reader, *heads)
    }
    config.tie_word_embeddings = "lm_head.weight" not in tensors
    _check_shapes(tensors, config)
    config.save_pretrained(folder)
    GenerationConfig(
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _check_shapes(tensors: dict, config) -> None:
    """Refuse tensors that are not those of the config's model, for what lacks would be random."""
    import torch
    from transformers import LlamaForCausalLM

    with torch.device("meta"):
        expected = {name: weight.shape for name, weight in LlamaForCausalLM(config).named_parameters()}
    for name in sorted({*expected, *tensors}):
        if name not in tensors or name not in expected or tensors[name].shape != expected[name]:
            raise InputError(f"{name}: missing, or of another shape than the metadata say; name another file")
