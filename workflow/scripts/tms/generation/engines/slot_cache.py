"""The cache of keys and values of a batch that is decoded: slot k of a row holds its k-th token."""

import torch

from tms.generation.engines.packed import SLOT_STEP, round_up


class Stored(Exception):
    """Keys and values of the last layer are stored: nothing else is wanted of a pass that reads prompts."""


class SlotCache:
    """Keys and values of a batch, two [row, head, slot, channel] tensors a layer, growing in steps.

    Args:
        device: of the tensors.
        size: rows.
        most: tokens that the longest row may come to; prompts alone may need more slots (`key_slots`).
    """

    def __init__(self, device: str, size: int, most: int):
        self.device, self.size, self.most = device, size, round_up(most, SLOT_STEP)
        self.layers: list[list[torch.Tensor]] = []

    def prepare(
        self,
        rows: torch.Tensor,
        positions: torch.Tensor,
        visible: int,
        part: slice,
        last: int | None = None,
    ) -> None:
        """Say what the next pass writes and sees.

        Args:
            rows: row of each token, [token].
            positions: its slot, [token].
            visible: slots that the pass sees,
            part: of which rows.
            last: layer at which the pass ends; None: it goes on to the logits.
        """
        self.rows, self.positions, self.visible, self.part, self.last = rows, positions, visible, part, last

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_args, **_kwargs):
        """Store a layer's new keys and values, and return all that is visible (called by the model)."""
        if layer == len(self.layers):
            _, heads, _, channels = keys.shape
            self.layers.append([keys.new_zeros(self.size, heads, 0, channels) for _ in range(2)])
        for side, new in enumerate((keys, values)):
            stored = self.layers[layer][side]
            if stored.shape[2] < self.visible:
                stored = self.layers[layer][side] = self._grown(stored)
            # Advanced indices on both sides of a slice put the indexed axes first: [token, head, channel].
            stored[self.rows, :, self.positions] = new.transpose(1, 2).flatten(0, 1)[: len(self.rows)]
        if layer == self.last:
            raise Stored
        keys, values = self.layers[layer]
        return keys[self.part, :, : self.visible], values[self.part, :, : self.visible]

    def get_seq_length(self, layer: int = 0) -> int:
        """Number of visible slots (asked by the model)."""
        return self.visible

    def repeat(self, slots: int) -> None:
        """Give all rows the first slots of row 0."""
        for layer in self.layers:
            for side in layer:
                side[1:, :, :slots] = side[:1, :, :slots]

    def keep(self, rows: torch.Tensor) -> None:
        """Keep the given rows, in that order."""
        for layer in self.layers:
            layer[:] = [side.index_select(0, rows) for side in layer]

    def _grown(self, stored: torch.Tensor) -> torch.Tensor:
        """Make room for half as many slots again, but for no more than a row may come to. Zeros: a masked
        slot's value is multiplied by 0."""
        rows, heads, slots, channels = stored.shape
        more = max(self.visible, min(round_up(slots * 3 // 2, SLOT_STEP), self.most)) - slots
        return torch.cat([stored, stored.new_zeros(rows, heads, more, channels)], dim=2)
