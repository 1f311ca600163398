"""Trains the miniature's base and teacher from nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from tms.progress import Progress
from tms.world.muon import Muon

MICRO_BATCH = 32  # examples of similar length in one pass


@dataclass(frozen=True)
class Recipe:
    """One training run: steps, examples a step, peak learning rates, and the share of steps that cool down."""

    steps: int
    batch: int
    matrix_lr: float
    other_lr: float
    cooldown: float = 0.5


def new_model(
    tokenizer: PreTrainedTokenizerFast, width: int, layers: int, heads: int, feed_forward: int, seed: int
) -> Qwen2ForCausalLM:
    """A randomly initialised Qwen2 with tied embeddings, its end and padding tokens set."""
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        intermediate_size=feed_forward,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    return Qwen2ForCausalLM(config)


def train(
    model: Qwen2ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    pairs: Iterator[tuple[str, str]],
    recipe: Recipe,
    what: str,
) -> int:
    """Train on answers only (end token included), Muon on the matrices and AdamW on the rest.

    Args:
        model: trained in place.
        tokenizer: with a chat template.
        pairs: (prompt, answer), at least steps x batch of them.
        recipe: the run.
        what: name in the progress line.

    Returns:
        Number of tokens that passed through the model.
    """
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim < 2 or "embed" in name]
    optimizers = [
        Muon(matrices, lr=recipe.matrix_lr),
        torch.optim.AdamW(others, lr=recipe.other_lr, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_factor(step, recipe))
        for optimizer in optimizers
    ]
    model.train()
    tokens = 0
    with Progress(recipe.steps, what, "steps") as progress:
        for _ in range(recipe.steps):
            examples = encode(tokenizer, list(islice(pairs, recipe.batch)))
            loss = _backward(model, examples, tokenizer.pad_token_id)
            tokens += sum(len(ids) for ids, _ in examples)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                schedule.step()
            model.zero_grad()
            progress.advance(note=f"loss {loss:.3f}")
    return tokens


def learning_rate_factor(step: int, recipe: Recipe) -> float:
    """Warm-up over 3 % of the steps, constant, then linear to zero over the cooldown's share."""
    warm = (step + 1) / max(0.03 * recipe.steps, 1)
    cool = (recipe.steps - step) / max(recipe.cooldown * recipe.steps, 1)
    return min(1.0, warm, cool)


def encode(tokenizer: PreTrainedTokenizerFast, pairs: list[tuple[str, str]]) -> list[tuple[list[int], int]]:
    """Token ids of each whole conversation, and how many of them belong to the prompt."""
    chats = [[{"role": "user", "content": prompt}] for prompt, _ in pairs]
    texts = tokenizer.apply_chat_template(chats, tokenize=False, add_generation_prompt=True)
    prompts = tokenizer(texts, add_special_tokens=False).input_ids
    answers = tokenizer([answer for _, answer in pairs], add_special_tokens=False).input_ids
    return [
        ([*prompt, *answer, tokenizer.eos_token_id], len(prompt))
        for prompt, answer in zip(prompts, answers, strict=True)
    ]


def _backward(model: Qwen2ForCausalLM, examples: list[tuple[list[int], int]], pad: int) -> float:
    """Accumulate gradients of the mean loss over all answer tokens, in passes over similar lengths."""
    ordered = sorted(examples, key=lambda example: len(example[0]))
    total = sum(len(ids) - prompt for ids, prompt in examples)
    loss = 0.0
    for start in range(0, len(ordered), MICRO_BATCH):
        part = ordered[start : start + MICRO_BATCH]
        longest = max(len(ids) for ids, _ in part)
        ids_BS = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in part])
        answered_BS = torch.tensor(
            [[prompt <= i < len(ids) for i in range(longest)] for ids, prompt in part]
        )
        # Padding stands to the right, where causal attention never looks: no mask is needed.
        hidden_BSD = model.model(input_ids=ids_BS[:, :-1], use_cache=False).last_hidden_state
        logits_NV = model.lm_head(hidden_BSD[answered_BS[:, 1:]])
        part_loss = cross_entropy(logits_NV, ids_BS[:, 1:][answered_BS[:, 1:]], reduction="sum") / total
        part_loss.backward()
        loss += part_loss.item()
    return loss


def save(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write a model folder: config, safetensors, tokenizer with chat template, generation config."""
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
