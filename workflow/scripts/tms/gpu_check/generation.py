"""Part: an engine's start, its speed, and whether a row's text depends on the rows beside it."""

import random
import time
from functools import partial
from pathlib import Path

ROWS = {True: 256, False: 8}  # on a GPU and on a CPU
READ_TOKENS = {True: 1024, False: 32}  # of the prompts that are only read
NEW_TOKENS = {True: 256, False: 16}
SEEDED_ROWS = {True: 64, False: 8}
SEEDED_TOKENS = 32
PROMPT_TOKENS = 16


def measure(settings: dict) -> dict:
    """Start an engine, read prompts, write completions, and write some of them again in other batches.

    Args:
        settings: `engine`; `model`, a folder with weights, or `folder` with `config.json`, of which vLLM
            makes a model with random ones; `tensor_parallel`; `on_gpu`.

    Returns:
        `engine` with its version; `start_seconds` before the first token;
        `read_tokens_a_second` and `write_tokens_a_second`; `equal_rows` and `equal_first`, the shares of rows
        and of first tokens that stay the same in half a batch and in reversed order.
    """
    from tms.generation.engines.create import create_engine
    from tms.generation.sampling import Sampling

    folder, on_gpu = Path(settings["model"] or settings["folder"]), settings["on_gpu"]
    if settings["model"] is None:
        without_weights()
    engine = create_engine(settings["engine"], settings["tensor_parallel"], threads=1)
    draw = random.Random(0)
    vocabulary = 1000 if on_gpu else 64  # of the prompts; every model has as many tokens

    def prompts(rows: int, tokens: int) -> list[list[int]]:
        return [[draw.randrange(3, vocabulary) for _ in range(tokens)] for _ in range(rows)]

    room = READ_TOKENS[on_gpu] + NEW_TOKENS[on_gpu]
    engine.load(folder, room)
    one = Sampling(max_new_tokens=1)
    complete(engine, prompts(1, PROMPT_TOKENS), one)
    start = time.time() - settings["started"]

    read = prompts(ROWS[on_gpu] // 4, READ_TOKENS[on_gpu])
    complete(engine, prompts(8, READ_TOKENS[on_gpu]), one)  # kernels are made at their first use
    reading = timed(lambda: complete(engine, read, one))
    write = Sampling(max_new_tokens=NEW_TOKENS[on_gpu])
    asked = prompts(ROWS[on_gpu], PROMPT_TOKENS)
    writing = timed(lambda: complete(engine, asked, write))
    asked = prompts(SEEDED_ROWS[on_gpu], PROMPT_TOKENS)
    seeded = Sampling(max_new_tokens=SEEDED_TOKENS)
    whole = complete(engine, asked, seeded)
    half = complete(engine, asked[::2], seeded)
    back = complete(engine, asked[::-1], seeded)[::-1]
    pairs = [*zip(whole[::2], half, strict=True), *zip(whole, back, strict=True)]
    return {
        "engine": f"{engine.name} {engine.version}",
        "start_seconds": start,
        "read_tokens_a_second": len(read) * READ_TOKENS[on_gpu] / reading,
        "write_tokens_a_second": ROWS[on_gpu] * NEW_TOKENS[on_gpu] / writing,
        "equal_rows": sum(one == other for one, other in pairs) / len(pairs),
        "equal_first": sum(one[:1] == other[:1] for one, other in pairs) / len(pairs),
    }


def without_weights() -> None:
    """Let vLLM make up the weights that a folder lacks; to write those of 70B would take minutes."""
    from tms.generation.engines import vllm_engine

    vllm_engine.LLM = partial(vllm_engine.LLM, load_format="dummy")


def complete(engine, prompts: list[list[int]], sampling) -> list[list[int]]:
    """Completions of prompts, in their order; no token ends one early."""
    from tms.generation.engines.interface import Prompt
    from tms.generation.noise_key import noise_key

    completions: dict[int, list[int]] = {}

    def on_rows(rows) -> None:
        completions.update({row.index: row.completion_ids for row in rows})

    wanted = [Prompt(ids, noise_key("random", ids, 0, 0)) for ids in prompts]
    engine.generate(wanted, sampling, [], on_rows)
    return [completions[index] for index in range(len(prompts))]


def timed(work) -> float:
    """Seconds that some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
