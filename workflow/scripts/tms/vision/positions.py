"""Positions of a prompt's tokens where some are of images."""

import torch

from tms.vision.image_ids import Run
from tms.vision.processor import Grid


def positions_of(length: int, runs: list[Run], grids: list[Grid], merged: int) -> torch.Tensor:
    """Positions of a row's tokens over time, height and width, as the family's rotary embedding takes them.

    Those of a text count on. All tokens of an image have one position in time, and those of its rows and
    columns count from there; the text behind goes on after the largest. (transformers' `get_rope_index` gives
    the same, but takes tokens that a model has sampled for the beginning of an image or of a sound.)

    Args:
        length: tokens of the row.
        runs: its images.
        grids: patches of each.
        merged: patches of a side that make one token.

    Returns:
        [3, length].
    """
    parts, place, position = [], 0, 0
    for run, grid in zip(runs, grids, strict=True):
        text = torch.arange(run.start - place) + position
        position += len(text)
        rows, columns = grid.rows // merged, grid.columns // merged
        time = torch.zeros(rows * columns, dtype=torch.long)
        height = torch.arange(rows).repeat_interleave(columns)
        image = torch.stack([time, height, torch.arange(columns).repeat(rows)]) + position
        parts += [text.expand(3, -1), image]
        place, position = run.stop, position + max(rows, columns)
    text = torch.arange(length - place) + position
    return torch.cat([*parts, text.expand(3, -1)], dim=1)
