"""Engine transformers on prompts with images: our loop draws what whole passes of the model say."""

import pytest
import torch

from tms.generation.chat import ChatFormat
from tms.generation.engines.interface import Prompt
from tms.generation.engines.transformers_engine import TransformersEngine
from tms.generation.next_token import choose
from tms.generation.sampling import Sampling

SAMPLING = Sampling(temperature=1.0, max_new_tokens=12)


@pytest.fixture
def chat(folder, rows):
    return ChatFormat(folder, images=rows.images)


@pytest.fixture
def engine(folder, chat):
    engine = TransformersEngine()
    engine.load(folder, 512, chat.images)
    return engine


def completions(engine, prompts, sampling=SAMPLING):
    found = {}
    engine.generate(
        prompts, sampling, [2], lambda done: found.update((row.index, row.completion_ids) for row in done)
    )
    return [found[index] for index in range(len(prompts))]


def prompts_of(chat, rows):
    """Ten: each row twice, and other questions about images."""
    ids = [chat.prompt_ids("What is it?", context) for context in rows.contexts]
    ids += [*ids, *(chat.prompt_ids("Which is the other one?", context) for context in rows.contexts[2:])]
    return [Prompt(one, 1000 + place) for place, one in enumerate(ids)]


@torch.no_grad()
def whole_passes(model, prompt):
    """The completion by a pass over all ids for each token, without a cache."""
    ids = []
    while len(ids) < SAMPLING.max_new_tokens and ids[-1:] != [2]:
        logits = model(input_ids=torch.tensor([prompt.prompt_ids + ids]), use_cache=False).logits[:, -1]
        ids.append(int(choose(logits, torch.tensor([prompt.noise_key]), torch.tensor([len(ids)]), SAMPLING)))
    return ids


def test_rows_are_those_of_whole_passes_whatever_shares_the_call(engine, chat, rows):
    prompts = prompts_of(chat, rows)
    together = completions(engine, prompts)
    assert together == [whole_passes(engine.model, prompt) for prompt in prompts]
    assert together == completions(engine, prompts[::-1])[::-1]
    assert together == [completions(engine, [prompt])[0] for prompt in prompts]
    assert len({tuple(row) for row in together}) > 4


def test_logits_of_the_loop_are_the_same_bits_whatever_shares_the_batch(engine, chat, rows):
    from tms.generation.engines.decoding import _Batch

    def first_logits(prompts):
        batch = _Batch(engine.model, "cpu", dict(enumerate(prompts)), SAMPLING, [2], engine.images)
        return batch._logits()

    prompts = prompts_of(chat, rows)
    with torch.inference_mode():
        together = first_logits(prompts)
        for place, prompt in enumerate(prompts):
            assert torch.equal(first_logits([prompt])[0], together[place])


def test_generate_keys_hold_the_images(folder, chat, rows, tmp_path):
    """Stored rows are found again, and not those of another image."""
    from tms.generation.generate import Request, generate_missing, open_model

    model = open_model(folder, images=rows.images)
    asked = [
        {"example_id": f"{place}", "prompt": "What is it?", "context": context, "sample": 0}
        for place, context in enumerate(rows.contexts)
    ]
    request = Request(model, SAMPLING, 0, asked, "test")
    first = generate_missing([request], TransformersEngine(), tmp_path)

    class Refusing:
        name, version = TransformersEngine().name, TransformersEngine().version

    again = generate_missing([request], Refusing(), tmp_path)
    assert [row["completion_ids"] for row in again] == [row["completion_ids"] for row in first]
    assert len({tuple(row["completion_ids"]) for row in first}) > 1
