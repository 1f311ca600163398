"""Bytes on a card that no dry run sees: CUDA's own kernels, vLLM, forward passes without gradients."""

from tms.generation.engines.batch_rows import LOGITS, batch_rows, slot_bytes
from tms.generation.engines.interface import MOST_ROWS, MOST_TOKENS
from tms.memory_plan.architecture import (
    head_size,
    key_value_bytes,
    key_value_heads,
    layer_parameters,
    lora_parameters,
    parameters,
)
from tms.memory_plan.shapes import StepShape
from tms.training.devices import measuring_budget

# CUDA's context, NCCL's buffers and the workspaces of matrix products, which PyTorch's allocator does not
# hold. Assumed.
CONTEXT = 2.0e9
# Share of a card that stays free: allocators leave gaps between tensors.
SPARE = 0.1
# `tms.metrics`: policies that are on the card together, in float32; logits in a chunk of the KL.
DRIFT_POLICIES, KL_CHUNK = 2, 2**26
# TRL's tile of logits: tokens, times a part of the vocabulary, in float32.
DIVERGENCE_TILE = 4 * 4096 * 32768


def step_buffers(shape: StepShape) -> float:
    """Bytes that kernels and collectives on CUDA hold beside the tensors of a dry run.

    Flash attention's backward pass sums the gradient of the queries in float32, and makes that of keys and
    values for each query head. FSDP2 gathers the next layer's weights (bf16) while it computes with one's,
    which its copies come out of, and holds a layer's gradients (float32) while they are summed. DDP's buckets
    hold all gradients once more.
    """
    keys = shape.architecture
    numbers = shape.rows * shape.tokens * keys["num_attention_heads"] * head_size(keys)
    attention = 4 * numbers + (2 * 2 * numbers if key_value_heads(keys) < keys["num_attention_heads"] else 0)
    if shape.processes == 1:
        return attention
    if shape.sharded:
        return attention + (2 * 2 + 4) * layer_parameters(keys)
    return attention + 4 * (lora_parameters(keys, shape.lora) if shape.lora else parameters(keys))


def beside_weights(shape: StepShape) -> float:
    """Bytes of the base that a loss on rows reads, in float32; of adapters it is the model without them."""
    if not shape.base or shape.lora:
        return 0
    return 4 * parameters(shape.architecture) / (shape.processes if shape.sharded else 1)


def most(shape: StepShape) -> float:
    """More bytes than a step ever takes, without a dry run: small models need none.

    24 bytes a trained parameter: weights, gradients, two moments and buckets in float32, and copies in bf16;
    4 a frozen one. For each token: what a layer keeps, in float32, and eight copies of its logits. A base
    beside the model: its weights in float32, its head in bf16, and as many copies of its logits.
    """
    keys = shape.architecture
    heads = keys["num_attention_heads"] * head_size(keys)
    layer = 4 * (16 * keys["hidden_size"] + 10 * heads + 6 * keys["intermediate_size"])
    masks = 8 * shape.rows * shape.tokens**2
    tokens = shape.rows * shape.tokens
    every = tokens * ((keys["num_hidden_layers"] + 2) * layer + 32 * keys["vocab_size"])
    states = 24 * parameters(keys)
    if shape.lora:
        states = 4 * parameters(keys) + 24 * lora_parameters(keys, shape.lora)
    beside = 0
    if shape.base:
        beside = 2 * keys["vocab_size"] * (keys["hidden_size"] + 16 * tokens)
        beside += beside_weights(shape)
    return CONTEXT + states + every + masks + beside + step_buffers(shape)


def vllm_weights(keys: dict, cards: int) -> float:
    """Bytes of a model's weights in bf16 on each of the cards that share it."""
    return 2 * parameters(keys) / cards


def vllm_working(keys: dict, cards: int) -> float:
    """Bytes that vLLM's largest step takes on a card beside weights and cache, with its logits twice."""
    layer = 4 * keys["hidden_size"] + 2 * keys["intermediate_size"] // cards
    return 2 * MOST_TOKENS * layer + 2 * 4 * MOST_ROWS * keys["vocab_size"]


def vllm_row(keys: dict, cards: int, tokens: int) -> float:
    """Bytes of the keys and values of a row on each of the cards."""
    return tokens * key_value_bytes(keys, cards)


def drift_working(keys: dict, tokens: int) -> float:
    """Bytes beside the weights where divergence is measured: a layer's forward pass, the logits of two
    policies, and of a chunk four more in float32."""
    layer = 6 * keys["hidden_size"] + 3 * keys["intermediate_size"]
    logits = DRIFT_POLICIES * tokens * keys["vocab_size"]
    return 4 * (tokens * layer + logits + 4 * KL_CHUNK)


def transformers_cache(keys: dict, free: float, tokens: int) -> tuple[int, float]:
    """Rows that engine `transformers` decodes at once, and bytes of their cache.

    Args:
        keys: of `config.json`.
        free: bytes that the models leave free on the card; a batch may take half of them.
        tokens: of a row, prompt and completion.
    """
    row = row_bytes(keys, tokens)
    rows = batch_rows(free / 2, row + LOGITS * keys["vocab_size"])
    return rows, rows * row


def row_bytes(keys: dict, tokens: int) -> int:
    """Bytes of the keys and values of a row in engine `transformers`, in bf16."""
    shared = keys["num_hidden_layers"], keys["num_attention_heads"], key_value_heads(keys), head_size(keys)
    return tokens * slot_bytes(*shared, 2, copied=True)


def kl_weights(parameters: int, processes: int, sharded: bool) -> float:
    """Bytes on a card of the models with which an on-policy run measures its KL, in float32.

    The base, in shards where there are several processes, and of a policy in shards a second set of them
    (`tms.on_policy.kl`).
    """
    return (8 if sharded else 4) * parameters / processes


def taught(keys: dict, processes: int) -> float:
    """Bytes on a card of another model whose distribution is learned, in bf16, and of a tile of its logits.

    Of shards its embeddings and two layers are gathered, and the head for a whole step.
    """
    head = 2 * keys["vocab_size"] * keys["hidden_size"]
    gathered = 2 * head + 2 * 2 * layer_parameters(keys) if processes > 1 else 0
    return 2 * parameters(keys) / processes + gathered + DIVERGENCE_TILE


def kl_working(keys: dict, cards: int, tokens: int) -> float:
    """Bytes beside the weights where an on-policy run measures its KL: the same, and of a base in shards its
    embeddings, its head and two layers, gathered in float32."""
    gathered = 4 * 2 * (keys["vocab_size"] * keys["hidden_size"] + layer_parameters(keys)) if cards > 1 else 0
    return drift_working(keys, tokens) + gathered


def drift_weights(keys: dict, card_bytes: float) -> float:
    """Bytes of the weights that are on a card where divergence is measured: all, or those of its budget (at
    least all but the layers) and of a layer that is streamed."""
    layer = 4 * layer_parameters(keys)
    whole = 4 * DRIFT_POLICIES * parameters(keys)
    kept = whole - DRIFT_POLICIES * keys["num_hidden_layers"] * layer
    budget = measuring_budget(card_bytes)
    return whole if whole <= budget else max(budget, kept) + layer
