"""Generation with the completion cache: stored rows are looked up, only the missing ones are generated."""

import functools
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tms.generation.cache import CompletionCache, Row, row_key
from tms.generation.chat import ChatFormat
from tms.generation.engines.interface import Engine, Finished, Prompt
from tms.generation.noise_key import noise_key
from tms.generation.sampling import Sampling
from tms.io import disk
from tms.io.errors import InputError
from tms.io.progress import Progress
from tms.mixture import checkpoints

BYTES_PER_TOKEN = 4  # as they are stored, before compression


@dataclass(frozen=True)
class ModelFolder:
    """A model that generates: what the keys of its rows need, without its weights."""

    folder: Path
    weights: str  # digest
    chat: ChatFormat


def open_model(folder: Path, template: str | None = None) -> ModelFolder:
    """Check a model folder and read what keys need: not its weights, whose digest its record states.

    They are read before they are loaded; a job that finds all of its rows stored needs only the digest.

    Args:
        folder: model folder.
        template: chat template to use instead of the folder's own.

    Raises:
        InputError: the folder is missing or truncated, or has no chat template.
    """
    digest = checkpoints.weights_digest(folder, read=False)
    checkpoints.check_files(folder)
    return ModelFolder(folder, digest, ChatFormat(folder, template))


@dataclass(frozen=True)
class Request:
    """Rows wanted from one model with one set of sampling settings.

    Args:
        model: the model that generates.
        sampling: how completions are drawn.
        seed: seed of the stage; enters every row's key.
        rows: what the caller knows of each row (`prompt`, `sample`, perhaps `context`, and further columns).
        what: words for the progress line, e.g. "harvest 3of10".
    """

    model: ModelFolder
    sampling: Sampling
    seed: int
    rows: list[dict]
    what: str


def generate_missing(requests: list[Request], engine: Engine, folder: Path) -> list[dict]:
    """Return the rows of all requests, generating those that the completion cache does not hold.

    Everything is checked before the engine starts, and the engine starts once for all requests; a request
    whose rows are all stored does not load its model.

    Args:
        requests: in the order in which rows are returned.
        engine: not yet loaded, or loaded with any model.
        folder: folder of the completion cache.

    Returns:
        Each request's rows, in order, with `completion`, `completion_ids`, `finish_reason`, `seconds` and
        `seed` added.

    Raises:
        InputError: a prompt and its completion limit exceed the model's context.
    """
    prepared = [_prepare(request, engine) for request in requests]
    room = max((wanted.longest for wanted in prepared), default=0)
    rows, loaded = [], None
    for wanted in prepared:
        model = wanted.request.model

        def load(model: ModelFolder = model) -> None:
            nonlocal loaded
            if model is not loaded:
                checkpoints.check_unchanged(model.folder, model.weights)
                engine.load(model.folder, room)
                loaded = model

        rows += _complete(wanted, engine, folder, load)
    return rows


@dataclass(frozen=True)
class _Wanted:
    request: Request
    keys: list[str]  # of each row; the same prompt asked twice has one key
    prompts: dict[str, Prompt]
    longest: int  # prompt and completion, in tokens


def _prepare(request: Request, engine: Engine) -> _Wanted:
    model, sampling = request.model, request.sampling
    keys, prompts, longest = [], {}, 0
    encode = functools.cache(model.chat.prompt_ids)  # once for all samples of a prompt
    for row in request.rows:
        prompt_ids = encode(row["prompt"], row.get("context", ""))
        length = len(prompt_ids) + sampling.max_new_tokens
        if length > model.chat.context_length:
            raise InputError(
                f"{request.what}: example {row['example_id']} has {len(prompt_ids)} prompt tokens and may "
                f"take {sampling.max_new_tokens} new ones, but {model.folder} has a context of "
                f"{model.chat.context_length}; lower max_new_tokens of its task in the config"
            )
        longest = max(longest, length)
        seed, sample = request.seed, row["sample"]
        ends = model.chat.end_token_ids
        engine_facts = (engine.name, engine.version)
        key = row_key(model.weights, prompt_ids, sampling, ends, engine_facts, seed, sample)
        keys.append(key)
        prompts[key] = Prompt(prompt_ids, noise_key(model.weights, prompt_ids, seed, sample))
    return _Wanted(request, keys, prompts, longest)


def _complete(wanted: _Wanted, engine: Engine, root: Path, load: Callable[[], None]) -> list[dict]:
    request = wanted.request
    with CompletionCache(root, request.model.weights) as cache:
        stored = cache.lookup(wanted.keys)
        missing = [key for key in wanted.prompts if key not in stored]
        print(
            f"{request.what}: {len(request.rows)} rows, {len(wanted.prompts) - len(missing)} of "
            f"{len(wanted.prompts)} stored, {len(missing)} to generate",
            file=sys.stderr,
            flush=True,
        )
        if missing:
            room = len(missing) * request.sampling.max_new_tokens * BYTES_PER_TOKEN
            disk.check_room(root, room, f"{len(missing)} completions")
            load()
            stored |= _generate(wanted, missing, engine, cache)
    return [
        {
            **row,
            "seed": request.seed,
            "completion": request.model.chat.text(stored[key].completion_ids),
            "completion_ids": stored[key].completion_ids,
            "finish_reason": stored[key].finish_reason,
            "seconds": stored[key].seconds,
        }
        for row, key in zip(request.rows, wanted.keys, strict=True)
    ]


def _generate(wanted: _Wanted, missing: list[str], engine: Engine, cache: CompletionCache) -> dict[str, Row]:
    made: dict[str, Row] = {}
    tokens = 0
    started = time.monotonic()
    with Progress(len(missing), wanted.request.what, "rows") as progress:

        def on_rows(finished: list[Finished]) -> None:
            nonlocal tokens
            rows = [
                Row(missing[row.index], row.completion_ids, row.finish_reason, row.seconds)
                for row in finished
            ]
            checkpoints.check_unchanged(wanted.request.model.folder, wanted.request.model.weights)
            cache.add(rows)
            made.update((row.key, row) for row in rows)
            tokens += sum(len(row.completion_ids) for row in rows)
            rate = tokens / max(time.monotonic() - started, 1e-9)
            progress.advance(len(rows), f"{rate:.0f} tokens/s")

        prompts = [wanted.prompts[key] for key in missing]
        engine.generate(prompts, wanted.request.sampling, wanted.request.model.chat.end_token_ids, on_rows)
    return made
