"""Weights of a GGUF file of the Llama architecture, by the names and in the order of transformers."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tms.io.errors import InputError

# Names of tensors in the file -> in the model, without the layer's number and `.weight`.
WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
OF_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def model_name(name: str) -> str | None:
    """Name of a tensor in transformers' Llama, e.g. `blk.3.attn_q.weight`; None for one that it lacks."""
    if parts := re.fullmatch(r"blk\.([0-9]+)\.([a-z_]+)\.weight", name):
        layer, part = parts.groups()
        return f"model.layers.{layer}.{OF_LAYER[part]}.weight" if part in OF_LAYER else None
    part = name.removesuffix(".weight")
    return f"{WHOLE[part]}.weight" if part in WHOLE and part != name else None


def halves_of_heads(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a q or k projection as transformers orders them: undoes what llama.cpp's converter does.

    RoPE turns pairs of rows of a head. llama.cpp has each pair side by side (0, 1), (2, 3), ...; transformers
    pairs row i of the head's first half with row i of its second. So of a head with n rows, row 2 i becomes
    row i, and row 2 i + 1 becomes row n / 2 + i. Source: `LlamaModel.permute` in llama.cpp's
    convert_hf_to_gguf.py.

    Args:
        weight: [heads * head width, in].
        heads: of the queries, or of the keys.
    """
    return weight.reshape(heads, -1, 2, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def weights(reader, heads: int, key_heads: int) -> Iterator[tuple[str, np.ndarray]]:
    """Names and float32 arrays of the model's weights, dequantised, one after the other.

    Args:
        reader: `gguf.GGUFReader` of the file.
        heads: attention heads.
        key_heads: heads of keys and values.

    Raises:
        InputError: a tensor that the architecture lacks, or a quantisation that cannot be read.
    """
    from gguf.quants import dequantize

    for tensor in reader.tensors:
        name = model_name(tensor.name)
        if name is None:
            if tensor.name == "rope_freqs.weight":
                raise InputError("scaled rotary positions (rope_freqs) are not read; name another file")
            raise InputError(f"tensor {tensor.name}: not one of the Llama architecture; name another file")
        try:
            weight = dequantize(tensor.data, tensor.tensor_type)
        except NotImplementedError as error:
            raise InputError(
                f"tensor {tensor.name}: quantisation {tensor.tensor_type.name} is not read; name a file of "
                f"another quantisation"
            ) from error
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            weight = halves_of_heads(weight, heads if "q_proj" in name else key_heads)
        yield name, weight


def open_file(file: Path):
    """`gguf.GGUFReader` of a file, whose tensors are mapped into memory.

    Raises:
        InputError: no whole GGUF file.
    """
    from gguf import GGUFReader

    try:
        return GGUFReader(file)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InputError(f"{file}: not a whole GGUF file ({error})") from error
