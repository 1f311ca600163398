"""Rows of generation: the product's engine against transformers' `generate` at its best batch.

Both read prompts of `chain`, sorted by length, and stop a row at its end token; loading is not measured.
Greedy texts are equal, token by token. Samples of two generators are not: seconds are divided by tokens.
"""

import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PEER = "transformers, `generate` at its best batch"
PACKAGES = ["torch", "transformers"]
MINIATURE = Path(__file__).resolve().parents[3] / "workflow" / "resources" / "miniature" / "base"


@dataclass(frozen=True)
class Work:
    """Rows to generate."""

    folder: Path
    rows: int
    temperature: float
    longest: int  # tokens of a completion
    style: str = "miniature"  # of `chain`'s prompts

    def prompts(self):
        """Token ids of the prompts, and the tokens that end a completion."""
        from tms.generation.chat import ChatFormat
        from tms.tasks import chain

        chat = ChatFormat(self.folder)
        rows = chain.build("test", self.rows, 0, {"style": self.style})
        return [chat.prompt_ids(row["prompt"]) for row in rows], chat.end_token_ids


def product(work: Work, threads: int):
    """Through the engine, each row's tokens by its number."""
    from tms.generation.engines.interface import Prompt
    from tms.generation.engines.transformers_engine import TransformersEngine
    from tms.generation.sampling import Sampling

    prompt_ids, ends = work.prompts()
    engine = TransformersEngine(threads=threads)
    engine.load(work.folder, 0)
    wanted = [Prompt(ids, number) for number, ids in enumerate(prompt_ids)]
    sampling = Sampling(temperature=work.temperature, max_new_tokens=work.longest)

    def generate() -> list[list[int]]:
        done = {}
        engine.generate(
            wanted, sampling, ends, lambda rows: done.update((row.index, row.completion_ids) for row in rows)
        )
        return [done[number] for number in range(len(wanted))]

    return generate


def peer(work: Work, batches: tuple[int, ...]):
    """Through `generate`; of several batches in the one of the fewest CPU seconds, in two trials each."""
    import torch
    from transformers import AutoModelForCausalLM

    prompt_ids, ends = work.prompts()
    model = AutoModelForCausalLM.from_pretrained(work.folder, dtype=torch.float32).eval()
    order = sorted(range(len(prompt_ids)), key=lambda number: -len(prompt_ids[number]))
    drawn = {"do_sample": True, "temperature": work.temperature, "top_k": 0} if work.temperature else {}

    @torch.inference_mode()
    def generate(batch: int) -> list[list[int]]:
        torch.manual_seed(0)
        done = {}
        for first in range(0, len(order), batch):
            part = order[first : first + batch]
            longest = len(prompt_ids[part[0]])
            padded = [[ends[0]] * (longest - len(prompt_ids[n])) + prompt_ids[n] for n in part]
            mask = [[0] * (longest - len(prompt_ids[n])) + [1] * len(prompt_ids[n]) for n in part]
            settings = {"do_sample": False, **drawn, "max_new_tokens": work.longest, "eos_token_id": ends}
            tokens = model.generate(
                torch.tensor(padded), attention_mask=torch.tensor(mask), pad_token_id=ends[0], **settings
            )
            done |= {n: _cut(ids, ends) for n, ids in zip(part, tokens[:, longest:].tolist(), strict=True)}
        return [done[number] for number in range(len(order))]

    seconds = dict.fromkeys(batches, math.inf)
    for batch in [*batches, *batches] if len(batches) > 1 else ():
        started = time.process_time()
        generate(batch)
        seconds[batch] = min(seconds[batch], time.process_time() - started)
    print(f"generate: CPU s by batch: {seconds}", file=sys.stderr, flush=True)
    best = min(batches, key=seconds.get)
    return lambda: generate(best)


def _cut(ids: list[int], ends: list[int]) -> list[int]:
    places = [place for place, token in enumerate(ids) if token in ends]
    return ids[: places[0] + 1] if places else ids


def check_greedy(ours: list[list[int]], theirs: list[list[int]]) -> None:
    """Equal texts, but for rows in which two logits are equal to the last bits: one in a hundred."""
    differ = sum(mine != other for mine, other in zip(ours, theirs, strict=True))
    assert differ <= len(ours) / 100, f"{differ} of {len(ours)} rows differ"


def check_samples(ours: list[list[int]], theirs: list[list[int]]) -> None:
    """As many rows, of about equal length."""
    lengths = [sum(map(len, rows)) / len(rows) for rows in (ours, theirs)]
    assert len(ours) == len(theirs) and abs(lengths[0] / lengths[1] - 1) < 0.25, lengths


def tokens(rows: list[list[int]]) -> int:
    """Generated tokens."""
    return sum(map(len, rows))
