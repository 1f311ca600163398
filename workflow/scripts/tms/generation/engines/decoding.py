"""A plain decode loop over a key-value cache of our own.

On a CPU in float32 a row's logits do not depend on what shares its batch, by these measures:

- Slot k of a row's cache holds the row's k-th token, so its sums run over the same terms in the same order
  in every batch; what lies behind a row's last token is masked and adds exact zeros.
- Row counts and lengths are padded to multiples of `ROW_STEP` and `SLOT_STEP`: matrix kernels treat the last
  few rows of an odd size in another way.
- MKL is asked for results that do not depend on where in memory a matrix starts (MKL_CBWR).

At the miniature's size they are the same bit for bit. At SmolLM2's widths (matrix products over 1,536
terms) the last bits still depend on the number of rows (docs/architecture.md).

Prompts are read a few rows at a time, and heads that share keys and values read them where they are: both
change no bit, and a large batch would else spend its time on memory.
"""

import time
from collections.abc import Callable

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from tms.generation.engines.interface import Finished, Prompt
from tms.generation.next_token import choose
from tms.generation.sampling import Sampling

ROW_STEP = 32
SLOT_STEP = 16
READ_ROWS = ROW_STEP // SLOT_STEP  # of a multiple of as many prompts, the tokens are a multiple of ROW_STEP
READ_TOKENS = 4096  # of prompts that are read together: more are slower on a CPU, by up to a quarter


def attention(module, query, key, value, attention_mask, scaling=None, **settings):
    """Attention `sdpa` of transformers, but on a CPU no keys and values are copied for heads that share them.

    transformers does so whenever there is a mask, since a GPU has no fast kernel for it; the CPU's gives the
    same bits either way.
    """
    own = attention_mask is not None and query.device.type == "cpu" and not torch.is_grad_enabled()
    if not own or settings.get("dropout") or settings.get("position_bias") is not None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **settings)
    attended = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=attention_mask, scale=scaling, enable_gqa=True
    )
    return attended.transpose(1, 2).contiguous(), None


AttentionInterface.register("sdpa", attention)


@torch.inference_mode()
def decode(
    model,
    device: str,
    prompts: dict[int, Prompt],
    sampling: Sampling,
    end_token_ids: list[int],
    on_rows: Callable[[list[Finished]], None],
) -> None:
    """Decode one batch of prompts (by their index), and hand rows over as they finish."""
    batch = _Batch(model, device, prompts, sampling, end_token_ids)
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
    ):
        self.model, self.device = model, device
        self.sampling, self.ends = sampling, frozenset(end_token_ids)
        self.started = time.perf_counter()
        self.share = 0.0  # seconds that fall to each row that is still being decoded
        self.rows: list[int | None] = list(prompts)  # index of each row's prompt; None once it has finished
        self.completions: list[list[int]] = [[] for _ in prompts]
        rows = [tuple(prompt.prompt_ids) for prompt in prompts.values()]
        padded = _round_up(len(rows), ROW_STEP)
        rows += rows[:1] * (padded - len(rows))
        self.keys = self._tensor([prompt.noise_key for prompt in prompts.values()], padded)
        self.steps = self._tensor([], padded)
        self.positions = self._tensor([len(ids) - 1 for ids in rows], padded)
        self.tokens = self._tensor([ids[-1] for ids in rows], padded)
        self.longest = max(map(len, rows)) - 1  # position of the last token of the longest row
        self.cache = _SlotCache(self.device, padded)
        if self.longest:
            self._read(rows)

    def step(self) -> list[Finished]:
        """Decode one token of every row, and return the rows that it finishes."""
        logits = self._forward(
            self.tokens[:, None], self.positions[:, None], _round_up(self.longest + 1, SLOT_STEP)
        )
        self.tokens = choose(logits[:, -1], self.keys, self.steps, self.sampling)
        self.steps, self.positions = self.steps + 1, self.positions + 1
        self.longest += 1
        finished = self._append(self.tokens.tolist())
        if finished:
            self._compact()
        return finished

    def _append(self, tokens: list[int]) -> list[Finished]:
        """Add each row's token; rows that end are taken out of `rows`."""
        now = time.perf_counter()
        live = sum(index is not None for index in self.rows)
        self.share, self.started = self.share + (now - self.started) / live, now
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
        padded = _round_up(len(live), ROW_STEP)
        if live and padded > 0.75 * len(self.keys):
            return
        self.rows = [self.rows[place] for place in live]
        if not live:
            return
        self.completions = [self.completions[place] for place in live]
        kept = self._tensor(live + live[:1] * (padded - len(live)), padded)
        self.keys, self.steps = self.keys[kept], self.steps[kept]
        self.tokens, self.positions = self.tokens[kept], self.positions[kept]
        self.longest = int(self.positions.max())
        self.cache.keep(kept)

    def _read(self, prompts: list[tuple[int, ...]]) -> None:
        """Fill the cache with all but the last token of each prompt; the first step reads that one."""
        places = {prompt: place for place, prompt in enumerate(dict.fromkeys(prompts))}
        unique = list(places) + prompts[:1] * (_round_up(len(places), READ_ROWS) - len(places))
        length = _round_up(self.longest, SLOT_STEP)
        tokens = torch.tensor([(prompt[:-1] + (0,) * length)[:length] for prompt in unique])
        tokens = tokens.to(self.device)
        positions = torch.arange(length, device=self.device).expand(len(unique), -1)
        at_once = max(1, READ_TOKENS // length // READ_ROWS) * READ_ROWS
        for first in range(0, len(unique), at_once):
            part = slice(first, first + at_once)
            self._forward(tokens[part], positions[part], length, first)
        if len(places) < len(prompts):
            self.cache.keep(self._tensor([places[prompt] for prompt in prompts], len(prompts)))

    def _forward(
        self, tokens: torch.Tensor, positions: torch.Tensor, visible: int, first: int = 0
    ) -> torch.Tensor:
        """Run the model on the rows from `first` on.

        Position p sees the slots 0..p of its row, of which the first `visible` exist.
        """
        self.cache.prepare(positions, visible, first)
        slots = torch.arange(visible, device=self.device)
        mask = slots <= positions[:, None, :, None]  # [batch, 1, query, slot]
        return self.model(
            input_ids=tokens,
            position_ids=positions,
            attention_mask=mask,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits

    def _tensor(self, values: list[int], length: int) -> torch.Tensor:
        return torch.tensor(values + [0] * (length - len(values)), dtype=torch.int64, device=self.device)


class _SlotCache:
    """Keys and values of a batch, two [row, head, slot, channel] tensors a layer, growing in steps."""

    def __init__(self, device: str, size: int):
        self.device, self.size = device, size  # rows
        self.layers: list[list[torch.Tensor]] = []

    def prepare(self, positions: torch.Tensor, visible: int, first: int) -> None:
        """Say where the next pass writes, [row, query] from row `first` on, and how many slots it sees."""
        self.positions, self.visible = positions, visible
        self.part = slice(first, first + len(positions))
        self.rows = torch.arange(first, first + len(positions), device=self.device)[:, None]

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_args, **_kwargs):
        """Store a layer's new keys and values, and return all that is visible (called by the model)."""
        if layer == len(self.layers):
            _, heads, _, channels = keys.shape
            self.layers.append([keys.new_zeros(self.size, heads, 0, channels) for _ in range(2)])
        for side, new in enumerate((keys, values)):
            stored = self.layers[layer][side]
            if stored.shape[2] < self.visible:
                stored = self.layers[layer][side] = self._grown(stored)
            # Advanced indices on both sides of a slice put the indexed axes first: [row, query, head, ...].
            stored[self.rows, :, self.positions] = new.transpose(1, 2)
        keys, values = self.layers[layer]
        return keys[self.part, :, : self.visible], values[self.part, :, : self.visible]

    def get_seq_length(self, layer: int = 0) -> int:
        """Number of visible slots (asked by the model)."""
        return self.visible

    def keep(self, rows: torch.Tensor) -> None:
        """Keep the given rows, in that order."""
        for layer in self.layers:
            layer[:] = [side.index_select(0, rows) for side in layer]

    def _grown(self, stored: torch.Tensor) -> torch.Tensor:
        """Make room for half as many slots again. Zeros: a masked slot's value is multiplied by 0."""
        rows, heads, slots, channels = stored.shape
        more = max(self.visible, _round_up(slots * 3 // 2, SLOT_STEP)) - slots
        return torch.cat([stored, stored.new_zeros(rows, heads, more, channels)], dim=2)


def _round_up(number: int, step: int) -> int:
    return -(-number // step) * step
