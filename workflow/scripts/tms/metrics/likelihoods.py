"""Log-probabilities of the choices of questions, by forward passes in float32; stored ones are read.

The text is lm-eval's own, without a chat template: `Question: ...`, `Answer:`, and the choice. So a base
model is measured by what it was pretrained on, and ARC's numbers are those of lm-eval's `arc_challenge`.
"""

import hashlib
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from tms.data.choice_prompt import asked
from tms.generation import weights_read
from tms.generation.cache import CompletionCache
from tms.generation.engines.transformers_engine import has_gpu
from tms.generation.generate import ModelFolder
from tms.io.errors import InputError
from tms.io.progress import Progress
from tms.model_folder.digest import check_unchanged

FORMAT = "tms-likelihood-1"
# Choices between two writings to the cache; forward passes batch those of like length among them.
AT_ONCE = 256


@dataclass(frozen=True)
class Likelihood:
    """A stored log-probability (nats) of a choice."""

    key: str
    logprob: float
    seconds: float  # this choice's share of its batches' time


class LikelihoodCache(CompletionCache):
    """Log-probabilities of one model, beside its completions."""

    row = Likelihood
    schema = pa.schema({"key": pa.string(), "logprob": pa.float64(), "seconds": pa.float64()})
    part = "likelihoods"


def likelihood_key(weights: str, prompt_ids: list[int], choice_ids: list[int], measured_by: list[str]) -> str:
    """Key of a log-probability: SHA-256 (hex) over all that determines it.

    Args:
        weights: digest of the model's weights.
        prompt_ids: token ids of the prompt.
        choice_ids: token ids of the choice.
        measured_by: `measured_by()`.
    """
    text = json.dumps([FORMAT, weights, prompt_ids, choice_ids, measured_by])
    return hashlib.sha256(text.encode()).hexdigest()


def measured_by() -> list[str]:
    """Library, version, device and precision of the passes: they decide the last bits."""
    device = "cuda" if has_gpu() else "cpu"
    return ["transformers", version("transformers"), version("torch").partition("+")[0], device, "float32"]


@dataclass(frozen=True)
class Choices:
    """A question as it is asked, its token ids, those of each of its choices, and their keys."""

    prompt: str
    prompt_ids: list[int]
    choice_ids: list[list[int]]
    keys: list[str]


def pair_ids(model: ModelFolder, question: str, texts: list[str]) -> tuple[list[int], list[list[int]]]:
    """Token ids of a question, and of each choice behind it, as lm-eval's `_encode_pair` splits them.

    Each is tokenised together with the question, with the tokens that the tokenizer itself puts first.
    """
    plain, tokenizer = model.chat.plain, model.chat.tokenizer
    prompt_ids = tokenizer.encode(plain(question), verbose=False)
    whole = [tokenizer.encode(f"{plain(question)} {plain(text)}", verbose=False) for text in texts]
    return prompt_ids, [ids[len(prompt_ids) :] for ids in whole]


def encode(rows: list[dict], model: ModelFolder, facts: list[str]) -> list[Choices]:
    """Encode questions with their choices.

    Args:
        rows: columns `benchmark`, `example_id`, `problem`, `answer`.
        model: gives the tokenizer and the digest of the weights.
        facts: `measured_by()`.

    Raises:
        InputError: a row is no question with choices, a choice is empty, or it exceeds the model's context.
    """
    encoded = []
    for row in rows:
        try:
            question = asked(row)
        except InputError as error:
            raise InputError(f"{row['benchmark']}: {error}") from error
        prompt_ids, choice_ids = pair_ids(model, question, json.loads(row["answer"])["texts"])
        name = f"{row['benchmark']}: row {row['example_id']}"
        if not all(choice_ids):
            raise InputError(f"{name}: the tokenizer of {model.folder} writes nothing for one of its choices")
        length = len(prompt_ids) + max(map(len, choice_ids))
        if length > model.chat.context_length:
            raise InputError(
                f"{name}: question and longest choice are {length} tokens, but {model.folder} has a context "
                f"of {model.chat.context_length}; use a model with a longer one, or leave the row out"
            )
        keys = [likelihood_key(model.weights, prompt_ids, ids, facts) for ids in choice_ids]
        encoded.append(Choices(question, prompt_ids, choice_ids, keys))
    return encoded


def score_missing(
    rows: list[dict], model: ModelFolder, root: Path, what: str, threads: int | None = None
) -> list[dict]:
    """Return rows with the log-probability of each choice, computing those that the cache does not hold.

    A model whose choices are all stored is not loaded. One that comes again has one value: ties are exact.

    Args:
        rows: as for `encode`.
        model: the model that is asked.
        root: folder of the completion cache.
        what: words for the progress line.
        threads: CPU threads, set when the model is loaded; None leaves them as they are.

    Returns:
        The rows with `prompt` (the question as it was asked), `logprobs` (nats, a number for each choice) and
        `seconds`.

    Raises:
        InputError: as in `encode`, or a number is not finite, or the model folder holds other weights than
            its record states.
    """
    encoded = encode(rows, model, measured_by())
    weights_read.check(model.folder, model.weights, root)
    wanted = {
        key: (question.prompt_ids, ids)
        for question in encoded
        for key, ids in zip(question.keys, question.choice_ids, strict=True)
    }
    with LikelihoodCache(root, model.weights) as cache:
        stored = cache.lookup(list(wanted))
        missing = {key: sequence for key, sequence in wanted.items() if key not in stored}
        counts = f"{len(wanted) - len(missing)} of {len(wanted)} choices stored, {len(missing)} to score"
        print(f"{what}: {len(rows)} rows, {counts}", file=sys.stderr, flush=True)
        if missing:
            for found in _score(missing, model, what, threads):
                check_unchanged(model.folder, model.weights)
                cache.add(found)
                stored |= {one.key: one for one in found}
    return [
        row
        | {
            "prompt": question.prompt,
            "logprobs": [stored[key].logprob for key in question.keys],
            "seconds": math.fsum(stored[key].seconds for key in question.keys),
        }
        for row, question in zip(rows, encoded, strict=True)
    ]


def _score(
    missing: dict[str, tuple], model: ModelFolder, what: str, threads: int | None
) -> Iterator[list[Likelihood]]:
    """Compute log-probabilities, some at a time."""
    import torch

    from tms.metrics.divergence import sequence_nll
    from tms.metrics.policy import load_policy

    if threads:
        torch.set_num_threads(threads)
    policy = load_policy(model.folder)
    # Those of like length together; the longest first, so that the time left is no underestimate.
    keys = sorted(missing, key=lambda key: -sum(map(len, missing[key])))
    with Progress(len(keys), what, "choices") as progress:
        for start in range(0, len(keys), AT_ONCE):
            chunk, begun = keys[start : start + AT_ONCE], time.monotonic()
            nll = sequence_nll(policy, [missing[key] for key in chunk], progress.advance)
            if not all(map(math.isfinite, nll)):
                raise InputError(f"{what}: a log-probability is no finite number; check the model's weights")
            seconds = (time.monotonic() - begun) / len(chunk)
            yield [Likelihood(key, -value, seconds) for key, value in zip(chunk, nll, strict=True)]
