"""Generation with the completion cache: stored rows are looked up, only the missing ones are generated."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tms.generation import weights_read
from tms.generation.cache import CompletionCache, Row, row_key
from tms.generation.chat import ChatFormat
from tms.generation.engines.interface import Engine, Finished, Prompt
from tms.generation.episode import Episode, Turn, play
from tms.generation.noise_key import noise_key
from tms.generation.sampling import Sampling
from tms.io import disk
from tms.io.conversation import read_context
from tms.io.errors import InputError
from tms.io.progress import Progress
from tms.model_folder.digest import check_unchanged, weights_digest
from tms.model_folder.whole import check_files

if TYPE_CHECKING:
    from tms.generation.simulator import Simulator
    from tms.io.images import Images

BYTES_PER_TOKEN = 4  # as they are stored, before compression


@dataclass(frozen=True)
class ModelFolder:
    """A model that generates: what the keys of its rows need, without its weights."""

    folder: Path
    weights: str  # digest
    chat: ChatFormat


def open_model(folder: Path, template: str | None = None, images: Images | None = None) -> ModelFolder:
    """Check a model folder and read what keys need: not its weights, whose digest its record states.

    They are read, or known to have been, before any row is used (`tms.generation.weights_read`).

    Args:
        folder: model folder.
        template: chat template to use instead of the folder's own.
        images: of the rows that it gets.

    Raises:
        InputError: the folder is missing or truncated, or has no chat template.
    """
    digest = weights_digest(folder, read=False)
    check_files(folder)
    return ModelFolder(folder, digest, ChatFormat(folder, template, images))


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


def generate_missing(
    requests: list[Request], engine: Engine, folder: Path, simulator: Simulator | None = None
) -> list[dict]:
    """Return the rows of all requests, generating those that the completion cache does not hold.

    Everything is checked before the engine starts, and the engine starts once for all requests; a request
    whose rows are all stored does not load its model.

    Args:
        requests: in the order in which rows are returned.
        engine: not yet loaded, or loaded with any model.
        folder: folder of the completion cache.
        simulator: answers the calls of rows with simulated tools; its seconds are those of the rows too.

    Returns:
        Each request's rows, in order, with `completion`, `completion_ids`, `finish_reason`, `seconds` and
        `seed` added.

    Raises:
        InputError: a prompt and its completion limit exceed the model's context or, with tools, what its row
            may have, simulated ones have no simulator, or a model folder holds other weights than its record
            states.
    """
    prepared = [_prepare(request) for request in requests]
    if simulator is None and (without := [one.request.what for one in prepared if one.simulated]):
        raise InputError(f"{without[0]}: rows with simulated tools need a model that answers (--simulator)")
    for place, digest in dict.fromkeys((one.model.folder, one.model.weights) for one in requests):
        weights_read.check(place, digest, folder)
    room = max((wanted.longest for wanted in prepared), default=0)
    rows, loaded = [], None
    for wanted in prepared:
        model = wanted.request.model

        def load(model: ModelFolder = model) -> None:
            nonlocal loaded
            if model is not loaded:
                check_unchanged(model.folder, model.weights)
                if simulator and any(wanted.simulated for wanted in prepared):
                    simulator.load()
                engine.load(model.folder, room, model.chat.images)
                loaded = model

        rows += _complete(wanted, engine, folder, load, simulator)
    return rows


@dataclass(frozen=True)
class _Wanted:
    request: Request
    prompts: list[list[int]]  # of each row, as token ids
    episodes: dict[int, Episode]  # of the rows with tools, by their place
    longest: int  # prompt and completion, in tokens

    @property
    def simulated(self) -> bool:
        """Whether a model answers calls of some of its rows."""
        return any(one.simulated for one in self.episodes.values())


def _prepare(request: Request) -> _Wanted:
    chat, most = request.model.chat, request.sampling.max_new_tokens
    prompts, episodes, longest = [], {}, 0
    asked = list(dict.fromkeys((row["prompt"], row.get("context", "")) for row in request.rows))
    ids_of = dict(zip(asked, chat.prompts_ids(asked), strict=True))  # once for all samples of a prompt
    for place, row in enumerate(request.rows):
        context = row.get("context", "")
        prompt_ids = ids_of[row["prompt"], context]
        length = len(prompt_ids) + most
        if length > chat.context_length:
            raise InputError(
                f"{request.what}: example {row['example_id']} has {len(prompt_ids)} prompt tokens and may "
                f"take {most} new ones, but {request.model.folder} has a context of "
                f"{chat.context_length}; lower max_new_tokens of its task in the config"
            )
        if read_context(context).tools:
            episodes[place] = Episode(chat.tools, prompt_ids, context, most, row["prompt"])
            if length > episodes[place].limit:
                raise InputError(
                    f"{request.what}: example {row['example_id']} has {len(prompt_ids)} prompt tokens and "
                    f"may take {most} new ones in a turn, but its row may have {episodes[place].limit}; "
                    f"raise options.tokens of its task in the config, or lower its max_new_tokens"
                )
            length = episodes[place].limit
        longest = max(longest, length)
        prompts.append(prompt_ids)
    return _Wanted(request, prompts, episodes, longest)


def _complete(
    wanted: _Wanted, engine: Engine, root: Path, load: Callable[[], None], simulator: Simulator | None
) -> list[dict]:
    request, episodes = wanted.request, wanted.episodes
    chat = request.model.chat
    with CompletionCache(root, request.model.weights) as cache:

        def rows_of(places: Sequence[int], prompts: list[list[int]], what: str) -> list[Row]:
            samples = [request.rows[place]["sample"] for place in places]
            return _continued(request, prompts, samples, engine, cache, load, what)

        rows = rows_of(range(len(request.rows)), wanted.prompts, request.what)
        seconds = [row.seconds for row in rows]

        def next_turns(places: list[int]) -> list[Turn]:
            prompts = [episodes[place].next_prompt for place in places]
            found = rows_of(places, prompts, f"{request.what}, next turn")
            for place, row in zip(places, found, strict=True):
                seconds[place] += row.seconds
            return [(row.completion_ids, row.finish_reason) for row in found]

        def answers(places: list[int]) -> list[str]:
            found = simulator.answers([episodes[place].question for place in places])
            for place, row in zip(places, found, strict=True):
                seconds[place] += row["seconds"]
            return [row["completion"] for row in found]

        first = {at: (rows[at].completion_ids, rows[at].finish_reason) for at in episodes}
        play(episodes, first, next_turns, answers=answers if simulator else None)
    return [
        {
            **asked,
            "seed": request.seed,
            **(episodes[place].columns() if place in episodes else _columns(chat, row)),
            "seconds": seconds[place],
        }
        for place, (asked, row) in enumerate(zip(request.rows, rows, strict=True))
    ]


def _columns(chat: ChatFormat, row: Row) -> dict:
    return {
        "completion": chat.text(row.completion_ids),
        "completion_ids": row.completion_ids,
        "finish_reason": row.finish_reason,
    }


def _continued(
    request: Request,
    prompts: list[list[int]],
    samples: list[int],
    engine: Engine,
    cache: CompletionCache,
    load: Callable[[], None],
    what: str,
) -> list[Row]:
    """A stored or generated row of each prompt (token ids) and sample; those that are asked twice are one."""
    model, sampling = request.model, request.sampling
    keys, missing = [], {}
    for prompt_ids, sample in zip(prompts, samples, strict=True):
        settings = (sampling, model.chat.end_token_ids, (engine.name, engine.version), request.seed, sample)
        keys.append(row_key(model.weights, prompt_ids, *settings))
        missing[keys[-1]] = (prompt_ids, sample)
    stored, wanted = cache.lookup(keys), len(missing)
    for key in stored:
        del missing[key]
    print(
        f"{what}: {len(prompts)} rows, {wanted - len(missing)} of "
        f"{wanted} stored, {len(missing)} to generate",
        file=sys.stderr,
        flush=True,
    )
    if missing:
        room = len(missing) * sampling.max_new_tokens * BYTES_PER_TOKEN
        disk.check_room(cache.root, room, f"{len(missing)} completions")
        load()
        asked = {
            key: Prompt(prompt_ids, noise_key(model.weights, prompt_ids, request.seed, sample))
            for key, (prompt_ids, sample) in missing.items()
        }
        stored |= _generate(request, asked, engine, cache, what)
    return [stored[key] for key in keys]


def _generate(
    request: Request, asked: dict[str, Prompt], engine: Engine, cache: CompletionCache, what: str
) -> dict[str, Row]:
    made: dict[str, Row] = {}
    keys, tokens = list(asked), 0
    started = time.monotonic()
    with Progress(len(keys), what, "rows") as progress:

        def on_rows(finished: list[Finished]) -> None:
            nonlocal tokens
            rows = [
                Row(keys[row.index], row.completion_ids, row.finish_reason, row.seconds) for row in finished
            ]
            check_unchanged(request.model.folder, request.model.weights)
            cache.add(rows)
            made.update((row.key, row) for row in rows)
            tokens += sum(len(row.completion_ids) for row in rows)
            rate = tokens / max(time.monotonic() - started, 1e-9)
            progress.advance(len(rows), f"{rate:.0f} tokens/s")

        engine.generate(list(asked.values()), request.sampling, request.model.chat.end_token_ids, on_rows)
    return made
