"""Pretrains the miniature from scratch, data-parallel over processes of one thread each.

Operators of a model this small are too short to be shared out to threads: four processes that meet once
a step train about half as much again as four threads, and do not stall where other programs run.
"""

import argparse
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from transformers import (
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from tms.io.progress import Progress
from tms.miniature.corpus import Corpus
from tms.miniature.muon import Muon
from tms.miniature.tokenizer import build_tokenizer
from tms.model_folder.digest import write_digest

# Token ids of a whole conversation, and how many of them belong to the prompt.
Example = tuple[list[int], int]
MICRO_BATCH = 16  # examples of similar length in one pass
PATIENCE = 600  # seconds that processes wait for each other


@dataclass(frozen=True)
class Recipe:
    """One training run: steps, examples a step, peak learning rates, and the share of steps that cools."""

    steps: int
    batch: int
    matrix_lr: float
    other_lr: float
    cooldown: float = 0.5


def pretrain(args: argparse.Namespace, corpus: Corpus, folders: dict[str, Path]) -> None:
    """Train and write the base, and the teacher that is fine-tuned from it on worked answers.

    Args:
        args: flags of `pretrain.py`.
        corpus: what they are trained on.
        folders: of `base` and `teacher`.
    """
    torch.set_num_threads(1)
    tokenizer = build_tokenizer(args.tasks)
    model = new_model(tokenizer, args.width, args.layers, args.heads, args.feed_forward, args.seed)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f}M parameters, {len(tokenizer)} tokens")
    lookups = args.lookup_steps * args.batch // args.threads
    recipe = Recipe(args.steps, args.batch, args.matrix_lr, args.other_lr)

    def base(stream: str) -> Iterator[Example]:
        return encoded(tokenizer, corpus.base_pairs(stream, lookups))

    def worked(stream: str) -> Iterator[Example]:
        return encoded(tokenizer, corpus.worked_pairs(stream))

    train(model, base, recipe, args.seed, args.threads, "pretrain base")
    save(model, tokenizer, folders["base"])
    rates = args.teacher_matrix_lr, args.teacher_other_lr
    recipe = Recipe(args.teacher_steps, args.teacher_batch, *rates, cooldown=1.0)
    train(model, worked, recipe, args.seed, args.threads, "train teacher")
    save(model, tokenizer, folders["teacher"])


def new_model(
    tokenizer: PreTrainedTokenizerFast, width: int, layers: int, heads: int, feed_forward: int, seed: int
) -> Qwen3ForCausalLM:
    """A randomly initialised Qwen3 with tied embeddings, its end and padding tokens set."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        head_dim=width // heads,
        intermediate_size=feed_forward,
        max_position_embeddings=512,
        # Texts are short: with the usual base of 10,000, look-up takes several times the steps to form.
        rope_parameters={"rope_type": "default", "rope_theta": 500.0},
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    return Qwen3ForCausalLM(config)


def train(
    model: PreTrainedModel,
    examples: Callable[[str], Iterator[Example]],
    recipe: Recipe,
    seed: int,
    workers: int,
    what: str,
) -> None:
    """Train on answers only (end token included), Muon on the matrices and AdamW on the rest.

    Args:
        model: trained in place; its `model` gives hidden states and its `lm_head` logits. torch must run one
            thread.
        examples: takes the name of a random stream, returns endless examples.
        recipe: the run.
        seed: part of the streams' names.
        workers: number of processes; the result depends on it.
        what: name in the progress line.
    """
    context = multiprocessing.get_context("fork")
    model.share_memory()
    model.train()
    size = sum(parameter.numel() for parameter in model.parameters())
    shared_WP = torch.zeros(
        workers, size + 2
    ).share_memory_()  # gradients, loss, answer tokens of each worker
    barrier = context.Barrier(workers)

    def work(worker: int) -> None:
        stream = examples(f"{seed}/{worker}of{workers}")
        _train_worker(model, stream, recipe, shared_WP, barrier, worker, what)

    others = [context.Process(target=work, args=(worker,), daemon=True) for worker in range(1, workers)]
    for process in others:
        process.start()
    work(0)
    for process in others:
        process.join()


def _train_worker(model, stream, recipe, shared_WP, barrier, worker: int, what: str) -> None:
    """One worker's loop: gradients of its own examples, then the step of its own share of the parameters.

    The parameters lie in memory that all workers share, so nobody has to be told of a step.
    """
    workers = len(shared_WP)
    parameters = dict(model.named_parameters())
    places = dict(zip(parameters, _ranges([p.numel() for p in parameters.values()]), strict=True))
    matrices = [name for name, p in parameters.items() if p.ndim == 2 and "embed" not in name]
    matrices.sort(key=lambda name: parameters[name].shape)  # equal work for all
    others = [name for name in parameters if name not in matrices][worker::workers]
    matrices = matrices[worker::workers]
    optimizers = [
        Muon([parameters[name] for name in matrices], lr=recipe.matrix_lr),
        torch.optim.AdamW(
            [parameters[name] for name in others], lr=recipe.other_lr, betas=(0.9, 0.95), weight_decay=0.0
        ),
    ]
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_factor(step, recipe))
        for optimizer in optimizers
    ]
    progress = Progress(recipe.steps, what, "steps") if worker == 0 else None
    for _ in range(recipe.steps):
        examples = list(islice(stream, recipe.batch // workers))
        model.zero_grad()
        loss, tokens = _backward(model, examples)
        for name, parameter in parameters.items():
            shared_WP[worker, places[name]] = parameter.grad.flatten()
        shared_WP[worker, -2:] = torch.tensor([loss, tokens])
        barrier.wait(PATIENCE)
        loss, tokens = shared_WP[:, -2:].sum(0).tolist()
        for name in [*matrices, *others]:
            gradient = shared_WP[:, places[name]].sum(0) / tokens
            parameters[name].grad.copy_(gradient.view_as(parameters[name]))
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            schedule.step()
        barrier.wait(PATIENCE)
        if progress:
            progress.advance(note=f"loss {loss / tokens:.3f}")
    if progress:
        progress.__exit__()


def _ranges(sizes: list[int]) -> list[slice]:
    """The slice of each of several tensors in one flat vector."""
    ends = list(accumulate(sizes))
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def learning_rate_factor(step: int, recipe: Recipe) -> float:
    """Warm-up over 3 % of the steps, constant, then linear to zero over the cooldown's share."""
    warm = (step + 1) / max(0.03 * recipe.steps, 1)
    cool = (recipe.steps - step) / max(recipe.cooldown * recipe.steps, 1)
    return min(1.0, warm, cool)


def encoded(tokenizer: PreTrainedTokenizerFast, pairs: Iterable[tuple[str, str]]) -> Iterator[Example]:
    """Examples of pairs of a prompt and its answer, one by one."""
    for pair in pairs:
        yield from encode(tokenizer, [pair])


def encode(tokenizer: PreTrainedTokenizerFast, pairs: list[tuple[str, str]]) -> list[Example]:
    """Examples of pairs of a prompt and its answer."""
    chats = [[{"role": "user", "content": prompt}] for prompt, _ in pairs]
    texts = tokenizer.apply_chat_template(chats, tokenize=False, add_generation_prompt=True)
    prompts = tokenizer(texts, add_special_tokens=False).input_ids
    answers = tokenizer([answer for _, answer in pairs], add_special_tokens=False).input_ids
    return [
        ([*prompt, *answer, tokenizer.eos_token_id], len(prompt))
        for prompt, answer in zip(prompts, answers, strict=True)
    ]


def _backward(model: PreTrainedModel, examples: list[Example]) -> tuple[float, int]:
    """Accumulate gradients of the loss summed over all answer tokens, in passes over similar lengths.

    Returns:
        The loss, and the number of answer tokens.
    """
    pad = model.config.get_text_config().pad_token_id
    ordered = sorted(examples, key=lambda example: len(example[0]))
    loss = 0.0
    for start in range(0, len(ordered), MICRO_BATCH):
        part = ordered[start : start + MICRO_BATCH]
        longest = max(len(ids) for ids, _ in part)
        ids_BS = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in part])
        answered_BS = torch.tensor([[prompt <= i < len(ids) for i in range(longest)] for ids, prompt in part])
        # Padding stands to the right, where causal attention never looks: no mask is needed.
        hidden_BSD = model.model(input_ids=ids_BS[:, :-1], use_cache=False).last_hidden_state
        logits_NV = model.lm_head(hidden_BSD[answered_BS[:, 1:]])
        part_loss = cross_entropy(logits_NV, ids_BS[:, 1:][answered_BS[:, 1:]], reduction="sum")
        part_loss.backward()
        loss += part_loss.item()
    return loss, sum(len(ids) - prompt for ids, prompt in examples)


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write a model folder: config, safetensors, tokenizer with chat template, generation config."""
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_digest(folder)
