"""Pretrains the miniature that calls tools: its base alone, with the loss on the assistant's turns."""

import argparse
import copy
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast

from tms.miniature.pretraining import Example, Recipe, encoded, new_model, save, train
from tms.miniature.tool_corpus import ToolCorpus
from tms.miniature.tool_tokenizer import build_tokenizer

WRITTEN = "{{ messages[0].content }}"  # template of prompts that are whole conversations already


def pretrain(args: argparse.Namespace, corpus: ToolCorpus, folder: Path) -> None:
    """Train the base and write it in bf16.

    Args:
        args: flags of `pretrain_tools.py`.
        corpus: what it is trained on.
        folder: of the base.
    """
    torch.set_num_threads(1)
    tokenizer = build_tokenizer(corpus)
    model = new_model(tokenizer, args.width, args.layers, args.heads, args.feed_forward, args.seed)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f}M parameters, {len(tokenizer)} tokens")
    written = copy.deepcopy(tokenizer)
    written.chat_template = WRITTEN
    recipe = Recipe(args.steps, args.batch, args.matrix_lr, args.other_lr)

    def examples(stream: str) -> Iterator[Example]:
        return encoded(written, written_turns(tokenizer, corpus, stream))

    train(model, examples, recipe, args.seed, args.threads, "pretrain base")
    save(model.to(torch.bfloat16), tokenizer, folder)


def written_turns(
    tokenizer: PreTrainedTokenizerFast, corpus: ToolCorpus, stream: str
) -> Iterator[tuple[str, str]]:
    """Endless pairs of a conversation up to where a turn of the assistant begins, and the text of that turn.

    What the user and the tools write is in the first of them, where no loss is.
    """
    for tools, messages in corpus.turns(stream):
        before = tokenizer.apply_chat_template(
            messages[:-1], tools=tools or None, tokenize=False, add_generation_prompt=True
        )
        whole = tokenizer.apply_chat_template(messages, tools=tools or None, tokenize=False)
        yield before, whole.removeprefix(before).removesuffix(f"{tokenizer.eos_token}\n")
