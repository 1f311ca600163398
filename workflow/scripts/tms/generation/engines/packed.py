"""Passes over tokens of several rows in one line, and attention that puts them in their rows."""

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from tms.generation.engines.batch_rows import ROW_STEP

SLOT_STEP = 16


class Packed:
    """Tokens of several rows, one row's behind another's.

    Args:
        lengths: tokens of each row.
        start: position of each row's first token; what is before it has been read.
        device: of the tensors.
    """

    def __init__(self, lengths: list[int], start: int, device: str):
        counts = torch.tensor(lengths, device=device)
        self.start, self.size, self.count = start, len(lengths), sum(lengths)
        self.padded = round_up(self.count, ROW_STEP)  # tokens of the pass
        self.length = round_up(max(lengths), SLOT_STEP)  # queries of a row in attention
        keys = start + max(lengths)
        self.visible = key_slots(keys) if device == "cpu" else round_up(keys, SLOT_STEP)
        self.rows = torch.arange(self.size, device=device).repeat_interleave(counts)  # of each token
        before = (counts.cumsum(0) - counts).repeat_interleave(counts)
        self.places = torch.arange(self.count, device=device) - before  # of each token in its row
        self.positions = self.places + start

    def mask(self) -> torch.Tensor:
        """Slots that each query of a row sees, [1, 1, query, slot]."""
        slots = torch.arange(self.visible, device=self.rows.device)
        return (slots <= self.start + slots[: self.length, None])[None, None]

    def by_row(self, line: torch.Tensor) -> torch.Tensor:
        """[1, head, token, channel] as [row, head, query, channel], zeros behind each row's tokens."""
        _, heads, _, channels = line.shape
        rows = line.new_zeros(self.size, self.length, heads, channels)
        rows[self.rows, self.places] = line[0, :, : self.count].transpose(0, 1)
        return rows.transpose(1, 2)

    def in_line(self, rows: torch.Tensor) -> torch.Tensor:
        """[row, query, head, channel] as [1, token, head, channel], zeros behind the last."""
        line = rows.new_zeros(1, self.padded, *rows.shape[2:])
        line[0, : self.count] = rows[self.rows, self.places]
        return line


def key_slots(keys: int) -> int:
    """Slots that queries of several positions see, where so many have keys; those behind are masked.

    The CPU's kernel takes 512 keys at a time, of which MKL sums over up to 192 at once. Of more it makes two
    halves, so that their number would show in a row's last bits, unless it is 384 or 512.
    """
    slots = round_up(keys, SLOT_STEP)
    rest = slots % 512
    return slots if rest <= 192 else slots - rest + (384 if rest <= 384 else 512)


def round_up(number: int, step: int) -> int:
    """The next multiple of a step."""
    return -(-number // step) * step


def attention(
    module, query, key, value, attention_mask, scaling=None, packed: Packed | None = None, **settings
):
    """Attention `sdpa` of transformers, but on a CPU no keys and values are copied for heads that share them.

    transformers does so whenever there is a mask, since a GPU has no fast kernel for it; the CPU's gives the
    same bits either way. `packed` says of which rows the queries are, where they lie in one line.
    """
    if packed is not None:
        query = packed.by_row(query)
    own = attention_mask is not None and query.device.type == "cpu" and not torch.is_grad_enabled()
    weights = None
    if own and not settings.get("dropout") and settings.get("position_bias") is None:
        attended = scaled_dot_product_attention(
            query, key, value, attn_mask=attention_mask, scale=scaling, enable_gqa=True
        )
        attended = attended.transpose(1, 2).contiguous()
    else:
        attended, weights = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **settings
        )
    return (attended if packed is None else packed.in_line(attended)), weights


AttentionInterface.register("sdpa", attention)
