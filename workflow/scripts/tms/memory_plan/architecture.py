"""A model's architecture: its `config.json`, or what the project knows of it before it is there."""

from functools import cache
from pathlib import Path

import yaml

from tms.io import json_file
from tms.training.settings import ALL_LINEAR

KNOWN = Path(__file__).parents[3] / "resources" / "architectures.yaml"


THINKER, TEXT, VISION = "thinker_config", "text_config", "vision_config"  # parts of a `config.json`
# Decoders that are Qwen2's but for the positions, which are three where there are images.
AS_QWEN2 = ("qwen2_5_vl", "qwen2_5_vl_text", "qwen2_5_omni_text")


def architecture(folder: str) -> dict | None:
    """Keys of the decoder of a model folder; None where it is not there, nor known by the folder's name.

    They are those of its `config.json`, or of the part of it that reads and writes text.
    """
    whole = config(folder)
    if whole is None:
        return None
    own = whole.get(THINKER, whole)
    keys = own.get(TEXT, own)
    if keys.get("model_type") not in AS_QWEN2:
        return keys
    plain = {
        name: value for name, value in keys.items() if name not in (VISION, "rope_scaling", "rope_parameters")
    }
    # Of the model around the decoder; older files of Qwen2.5-VL have it in the decoder's part.
    tied = own.get("tie_word_embeddings") or (own is whole and keys.get("tie_word_embeddings"))
    return plain | {"model_type": "qwen2", "tie_word_embeddings": bool(tied)}


def config(folder: str) -> dict | None:
    """A model folder's `config.json`, or what the project knows of it before it is there; else None."""
    file = Path(folder, "config.json")
    if file.exists():
        return json_file.read(file, "config of a model", "download the model again")
    return _known().get(Path(folder).name)


@cache
def _known() -> dict[str, dict]:
    return yaml.safe_load(KNOWN.read_text())


def within_context(keys: dict, tokens: int) -> int:
    """Tokens of a row, or those of the model's context, where it would be longer: no row may be."""
    return min(tokens, keys.get("max_position_embeddings", tokens))


def head_size(keys: dict) -> int:
    """Numbers of one attention head."""
    return keys.get("head_dim") or keys["hidden_size"] // keys["num_attention_heads"]


def key_value_heads(keys: dict) -> int:
    """Heads of keys and values, which groups of query heads share."""
    return keys.get("num_key_value_heads") or keys["num_attention_heads"]


def layer_parameters(keys: dict) -> int:
    """Parameters of a decoder layer of a Llama, Mistral, Qwen2 or Qwen3."""
    hidden, head = keys["hidden_size"], head_size(keys)
    queries, pairs = keys["num_attention_heads"] * head, key_value_heads(keys) * head
    attention = 2 * hidden * (queries + pairs)
    attention += {"qwen2": queries + 2 * pairs, "qwen3": 2 * head}.get(keys["model_type"], 0)  # biases, norms
    return attention + 3 * hidden * keys["intermediate_size"] + 2 * hidden


def parameters(keys: dict) -> int:
    """Parameters of such a model, tied ones once."""
    embeddings = (1 if keys.get("tie_word_embeddings") else 2) * keys["vocab_size"] * keys["hidden_size"]
    return keys["num_hidden_layers"] * layer_parameters(keys) + embeddings + keys["hidden_size"]


def lora_parameters(keys: dict, lora: dict) -> int:
    """Parameters of the LoRA adapters of such a model.

    Args:
        keys: of `config.json`.
        lora: `training.lora` of the configuration.
    """
    hidden, inner = keys["hidden_size"], keys["intermediate_size"]
    queries, pairs = keys["num_attention_heads"] * head_size(keys), key_value_heads(keys) * head_size(keys)
    sides = {  # in + out
        "q_proj": hidden + queries,
        "k_proj": hidden + pairs,
        "v_proj": hidden + pairs,
        "o_proj": queries + hidden,
        **dict.fromkeys(("gate_proj", "up_proj", "down_proj"), hidden + inner),
    }
    targets = lora.get("targets", ALL_LINEAR)
    chosen = sides if targets == ALL_LINEAR else {name.rpartition(".")[2] for name in targets}
    return keys["num_hidden_layers"] * lora["rank"] * sum(sides.get(name, 0) for name in chosen)


def key_value_bytes(keys: dict, cards: int = 1, number: int = 2) -> int:
    """Bytes of a token in the cache of keys and values on each of the cards that share a model.

    Args:
        keys: of `config.json`.
        cards: over which the heads are spread; where they are fewer, each card has a copy of one.
        number: bytes of a number.
    """
    heads = max(key_value_heads(keys) // cards, 1)
    return 2 * keys["num_hidden_layers"] * heads * head_size(keys) * number
