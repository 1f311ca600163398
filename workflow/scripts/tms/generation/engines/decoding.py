"""A plain decode loop over a key-value cache of our own.

On a CPU in float32 a row's logits do not depend on what shares its batch, by these measures:

- Slot k of a row's cache holds the row's k-th token, so its sums run over the same terms in the same order
  in every batch; what lies behind a row's last token is masked and adds exact zeros.
- Row counts and lengths are padded to multiples of `ROW_STEP` and `SLOT_STEP`, those of keys to `key_slots`:
  matrix kernels treat the last few rows of an odd size in another way, and split sums over many terms.
- MKL is asked for results that do not depend on where in memory a matrix starts (MKL_CBWR).

At the miniature's size they are the same bit for bit. At SmolLM2's widths (matrix products over 1,536
terms) the last bits still depend on the number of rows (docs/architecture.md).

Prompts are read a few rows at a time, the tokens of one row behind those of another without padding (but in
attention), and of the last layer keys and values alone. Tokens with which all prompts begin are read once.

An image in a prompt takes a slot for each of its tokens, and other positions than these (`_Turns`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import pad

from tms.generation.engines.batch_rows import ROW_STEP
from tms.generation.engines.interface import Finished, Prompt
from tms.generation.engines.packed import SLOT_STEP, Packed, round_up
from tms.generation.engines.slot_cache import SlotCache, Stored
from tms.generation.next_token import choose
from tms.generation.sampling import Sampling
from tms.io.work_time import WorkTime

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages

READ_TOKENS = 2048  # of prompts that are read together: more leave a CPU's cache, and take a sixth longer


@torch.inference_mode()
def decode(
    model,
    device: str,
    prompts: dict[int, Prompt],
    sampling: Sampling,
    end_token_ids: list[int],
    on_rows: Callable[[list[Finished]], None],
    images: PromptImages | None = None,
    row_step: int = ROW_STEP,
) -> None:
    """Decode one batch of prompts (by their index), padded to a multiple of `row_step` rows, and hand rows
    over as they finish."""
    batch = _Batch(model, device, prompts, sampling, end_token_ids, images, row_step)
    while batch.rows:
        if finished := batch.step():
            on_rows(finished)


class _Batch:
    """Rows that are decoded together; finished rows leave it."""

    def __init__(
        self,
        model,
        device: str,
        prompts: dict[int, Prompt],
        sampling: Sampling,
        end_token_ids: list[int],
        images: PromptImages | None,
        row_step: int = ROW_STEP,
    ):
        self.model, self.device, self.row_step = model, device, row_step
        self.sampling, self.ends = sampling, frozenset(end_token_ids)
        self.clock = WorkTime(torch.get_num_threads() if device == "cpu" else 0)
        self.counted = 0.0  # seconds of the batch that rows have shared out
        self.share = 0.0  # seconds that fall to each row that is still being decoded
        self.rows: list[int | None] = list(prompts)  # index of each row's prompt; None once it has finished
        self.completions: list[list[int]] = [[] for _ in prompts]
        rows = [tuple(prompt.prompt_ids) for prompt in prompts.values()]
        padded = round_up(len(rows), row_step)
        rows += rows[:1] * (padded - len(rows))
        self.keys = self._tensor([prompt.noise_key for prompt in prompts.values()], padded)
        self.steps = self._tensor([], padded)
        self.positions = self._tensor([len(ids) - 1 for ids in rows], padded)
        self.tokens = self._tensor([ids[-1] for ids in rows], padded)
        self.turns = _Turns(rows, images)
        self.shifts = self._tensor([self.turns.shift(ids) for ids in rows], padded)
        self.longest = max(map(len, rows)) - 1  # position of the last token of the longest row
        self.cache = SlotCache(self.device, padded, self.longest + 1 + sampling.max_new_tokens)
        if self.longest:
            self._read(rows)

    def step(self) -> list[Finished]:
        """Decode one token of every row, and return the rows that it finishes."""
        self.tokens = choose(self._logits(), self.keys, self.steps, self.sampling)
        self.steps, self.positions = self.steps + 1, self.positions + 1
        self.longest += 1
        finished = self._append(self.tokens.tolist())
        if finished:
            self._compact()
        return finished

    def _append(self, tokens: list[int]) -> list[Finished]:
        """Add each row's token; rows that end are taken out of `rows`."""
        now = self.clock.seconds
        live = sum(index is not None for index in self.rows)
        self.share, self.counted = self.share + (now - self.counted) / live, now
        finished = []
        for place, index in enumerate(self.rows):
            if index is None:
                continue
            completion = self.completions[place]
            completion.append(tokens[place])
            ended = tokens[place] in self.ends
            if ended or len(completion) == self.sampling.max_new_tokens:
                reason = "stop" if ended else "length"
                finished.append(Finished(index, completion, reason, self.share))
                self.rows[place] = None
        return finished

    def _compact(self) -> None:
        """Drop finished rows once the batch gets a quarter smaller: a long tail then costs little."""
        live = [place for place, index in enumerate(self.rows) if index is not None]
        padded = round_up(len(live), self.row_step)
        if live and padded > 0.75 * len(self.keys):
            return
        self.rows = [self.rows[place] for place in live]
        if not live:
            return
        self.completions = [self.completions[place] for place in live]
        kept = self._tensor(live + live[:1] * (padded - len(live)), padded)
        self.keys, self.steps = self.keys[kept], self.steps[kept]
        self.tokens, self.positions = self.tokens[kept], self.positions[kept]
        self.shifts = self.shifts[kept]
        self.longest = int(self.positions.max())
        self.cache.keep(kept)

    def _read(self, prompts: list[tuple[int, ...]]) -> None:
        """Fill the cache with all but the last token of each prompt; the first step reads that one."""
        places = {prompt: place for place, prompt in enumerate(dict.fromkeys(prompts))}
        common = _common(list(places))
        if common:
            self._read_part([prompts[0]], 0, slice(0, common))
            self.cache.repeat(common)
        part: list[tuple[int, ...]] = []
        for place, prompt in enumerate(places):
            part.append(prompt)
            lengths = [len(ids) - 1 - common for ids in part]
            queries = (len(part) + 1) * max(lengths)  # in attention, where rows are padded
            full = sum(lengths) + len(prompt) > READ_TOKENS or queries > 2 * READ_TOKENS
            if full or place + 1 == len(places):
                self._read_part(part, place + 1 - len(part), slice(common, -1))
                part = []
        if len(places) < len(prompts):
            self.cache.keep(self._tensor([places[prompt] for prompt in prompts], len(prompts)))

    def _read_part(self, prompts: list[tuple[int, ...]], first: int, places: slice) -> None:
        """Read tokens of prompts into their slots; the first prompt is row `first` of the cache."""
        rows = [ids[places] for ids in prompts]
        packed = Packed([len(ids) for ids in rows], places.start, self.device)
        if not packed.count:
            return
        part = slice(first, first + len(rows))
        last = self.model.config.get_text_config().num_hidden_layers - 1
        self.cache.prepare(packed.rows + first, packed.positions, packed.visible, part, last)
        tokens = [token for ids in rows for token in ids]
        positions = self.turns.positions(prompts, places)
        positions = packed.positions if positions is None else positions.to(self.device)
        with suppress(Stored):
            self.model(
                input_ids=self._tensor(tokens, packed.padded)[None],
                position_ids=pad(positions, (0, packed.padded - packed.count)).unsqueeze(-2),
                attention_mask=packed.mask(),
                past_key_values=self.cache,
                use_cache=True,
                packed=packed,
            )

    def _logits(self) -> torch.Tensor:
        """Logits after each row's last token, [batch, V]."""
        visible = round_up(self.longest + 1, SLOT_STEP)
        rows = torch.arange(len(self.positions), device=self.device)
        self.cache.prepare(rows, self.positions, visible, slice(None))
        slots = torch.arange(visible, device=self.device)
        return self.model(
            input_ids=self.tokens[:, None],
            position_ids=(self.positions + self.shifts)[:, None],
            # Position p sees the slots 0..p of its row: [batch, 1, query, slot].
            attention_mask=slots <= self.positions[:, None, None, None],
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]

    def _tensor(self, values: list[int], length: int) -> torch.Tensor:
        return torch.tensor(values + [0] * (length - len(values)), dtype=torch.int64, device=self.device)


class _Turns:
    """Positions of rows for a rotary embedding: of those with images over time, height and width.

    Args:
        rows: prompts.
        images: in them; None: there are none.
    """

    def __init__(self, rows: list[tuple[int, ...]], images: PromptImages | None):
        self.of_row: dict[tuple[int, ...], torch.Tensor] = {}  # [3, tokens], of a prompt with images
        if images:
            self.of_row = {ids: images.positions(ids) for ids in dict.fromkeys(rows) if min(ids) < 0}

    def shift(self, ids: tuple[int, ...]) -> int:
        """The position of a prompt's last token beyond its slot: a completion goes on from there."""
        return int(self.of_row[ids][0, -1]) + 1 - len(ids) if ids in self.of_row else 0

    def positions(self, prompts: list[tuple[int, ...]], places: slice) -> torch.Tensor | None:
        """Positions of tokens of several prompts in one line, [3, token]; None where they are the slots."""
        if not any(ids in self.of_row for ids in prompts):
            return None
        rows = (
            self.of_row[ids] if ids in self.of_row else torch.arange(len(ids)).expand(3, -1)
            for ids in prompts
        )
        return torch.cat([row[:, places] for row in rows], dim=1)


def _common(prompts: list[tuple[int, ...]]) -> int:
    """Tokens with which all of several prompts begin, the last one of each not counted; 0 if they are few."""
    first, last = min(prompts), max(prompts)
    shortest = min(map(len, prompts)) - 1
    common = next((place for place in range(shortest) if first[place] != last[place]), shortest)
    return common if common >= SLOT_STEP and len(prompts) > 1 else 0
