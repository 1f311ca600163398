"""GGUF files of random Llama models of a few thousand parameters."""

from pathlib import Path

import gguf
import numpy as np
from tokenizers import pre_tokenizers

from helpers.llama_cpp import permuted

HEADS, KEY_HEADS = 4, 2
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}"
MERGES = ["1 2", "Ġ 1", "a b", "ab c"]  # a byte-level BPE without digit splitting would take the first two
TOKENS = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), *(m.replace(" ", "") for m in MERGES)]
LAYER = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def random_llama(tied: bool = True):
    """A Llama with two layers and random weights that bf16 holds exactly, in float32."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"vocab_size": len(TOKENS), "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}
    heads = {"num_attention_heads": HEADS, "num_key_value_heads": KEY_HEADS, "tie_word_embeddings": tied}
    rope = {"rope_parameters": {"rope_type": "default", "rope_theta": 5000.0}, "rms_norm_eps": 1e-5}
    model = LlamaForCausalLM(LlamaConfig(**sizes, **heads, **rope, initializer_range=0.3))
    for weight in model.parameters():
        weight.data = (weight.data + 0.1 * torch.randn_like(weight)).bfloat16().float()
    return model.eval()


def file_name(name: str) -> str:
    """Name of a weight in the file, as llama.cpp's converter calls it."""
    whole = {"embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    if ".layers." not in name:
        return f"{next(new for old, new in whole.items() if old in name)}.weight"
    _, _, layer, part = name.removesuffix(".weight").split(".", 3)
    return f"blk.{layer}.{LAYER[part]}.weight"


def write(
    path: Path, model, quantisation: str = "F32", values: dict | None = None, rename: dict | None = None
) -> Path:
    """Write a model as llama.cpp's converter does, with q and k permuted.

    Args:
        path: file to write.
        model: as `random_llama` gives it.
        quantisation: of the matrices.
        values: metadata in place of what it would write; None for a key that it leaves out.
        rename: tensor -> another name, or None to leave it out.
    """
    found, rename = model.config, rename or {}
    writer = gguf.GGUFWriter(path, "llama")
    metadata = {
        "llama.vocab_size": len(TOKENS),
        "llama.context_length": 256,
        "llama.embedding_length": found.hidden_size,
        "llama.feed_forward_length": found.intermediate_size,
        "llama.block_count": found.num_hidden_layers,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": KEY_HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.freq_base": 5000.0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": TOKENS,
        "tokenizer.ggml.token_type": [3] * len(SPECIAL) + [1] * (len(TOKENS) - len(SPECIAL)),
        "tokenizer.ggml.merges": MERGES,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.padding_token_id": 2,
        "tokenizer.chat_template": TEMPLATE,
    } | (values or {})
    kinds = {str: "string", int: "uint32", float: "float32", list: "array"}
    for key, value in metadata.items():
        if value is not None and key != "general.architecture":
            getattr(writer, f"add_{kinds[type(value)]}")(key, value)
    if "general.architecture" in metadata:
        writer.kv_data[0]["general.architecture"].value = metadata["general.architecture"]
    heads = {"attn_q": HEADS, "attn_k": KEY_HEADS}
    for name, parameter in model.named_parameters():
        weight = parameter.detach().numpy()
        stored = file_name(name)
        if any(part in stored for part in heads):
            weight = permuted(weight, heads[stored.split(".")[2]])
        if rename.get(stored, stored) is None:
            continue
        kind = gguf.GGMLQuantizationType["F32" if weight.ndim == 1 else quantisation]
        packed = gguf.quants.quantize(np.ascontiguousarray(weight), kind)
        writer.add_tensor(rename.get(stored, stored), packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
