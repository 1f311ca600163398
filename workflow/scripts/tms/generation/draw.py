"""The token of the largest score plus noise, without the noise of tokens that cannot win (on a CPU).

Two logarithms make a token's noise of its random bits, and take most of the time. A token of score s passes
a sum b only if its noise is above b - s. Noise is -log(E) with u = 1 - exp(-E) < E, where the bits are u in
(0, 1): so only if u < exp(s - b). Few tokens have such bits; of those the whole sums are compared.
"""

import numpy as np
import torch

from tms.generation import noise

SMALL = 2048  # tokens of a vocabulary whose whole noise takes less time
# Rows and tokens that are hashed together: with copies 1 MB, which a core's cache holds.
ROWS, WIDTH = 16, 4096
UNIT = np.float32(63 * np.log(2))  # logarithm of the bits of u = 1
SLACK, ROUNDING = 1e-3, 1e-6  # more than float32 rounds away of a noise; of a sum, relative to it


def draw(scores: torch.Tensor, keys: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Draw each row's token: `(scores + noise.gumbel(keys, steps, V)).argmax(-1)`, and no other.

    Args:
        scores: [batch, V], float32; -inf for tokens that are not to be drawn.
        keys: noise keys of the rows, [batch], int64.
        steps: number of tokens that each row already has, [batch], int64.

    Returns:
        Token ids, [batch], int64.
    """
    count, vocabulary = scores.shape
    if vocabulary <= SMALL or scores.device.type != "cpu":
        return (scores + noise.gumbel(keys, steps, vocabulary)).argmax(-1)
    values, streams = scores.numpy(), noise.streams(keys, steps).numpy().view(np.uint64)
    tokens = (np.arange(1, vocabulary + 1) * noise.GAMMA).view(np.uint64)
    groups = [slice(first, first + ROWS) for first in range(0, count, ROWS)]
    with np.errstate(all="ignore"):  # of infinite scores, and of bounds beyond float32
        drawn = [token for group in groups for token in _draw(values[group], streams[group], tokens)]
    return torch.tensor(drawn)


def _draw(scores: np.ndarray, streams: np.ndarray, tokens: np.ndarray) -> list[int]:
    """Draw from the scores of a few rows.

    Args:
        scores: [rows, V].
        streams: start of each row's hashes, [rows], uint64.
        tokens: what each token adds to it, [V], uint64.
    """
    likely = scores.argmax(-1)
    sums = scores[np.arange(len(scores)), likely] + _noise(_bits(streams + tokens[likely]))
    floors = (sums - SLACK - ROUNDING * abs(sums))[:, None]
    found = []
    for left in range(0, scores.shape[1], WIDTH):
        bits = _bits(streams[:, None] + tokens[left : left + WIDTH])
        bound = scores[:, left : left + WIDTH] - floors
        bound += UNIT
        places = np.flatnonzero(bits.astype(np.float32) < np.exp(bound, out=bound))
        rows, columns = np.divmod(places, bits.shape[1])
        found.append((rows, columns + left, bits[rows, columns]))
    rows, columns, bits = map(np.concatenate, zip(*found, strict=True))
    sums = scores[rows, columns] + _noise(bits)
    drawn = likely.tolist()  # of a row whose largest score is NaN or infinite, where noise changes nothing
    for row in np.unique(rows):
        own = np.flatnonzero(rows == row)
        drawn[row] = int(columns[own[sums[own].argmax()]])
    return drawn


def _bits(state: np.ndarray) -> np.ndarray:
    """`noise.bits` of a stream's state, int64, in place; NumPy shifts unsigned integers, twice as fast."""
    for places, factor in ((30, noise.FACTOR_1), (27, noise.FACTOR_2), (31, None)):
        state ^= state >> np.uint64(places)
        if factor:
            state *= np.uint64(factor % 2**64)
    state >>= np.uint64(1)
    return state.view(np.int64)


def _noise(bits: np.ndarray) -> np.ndarray:
    return noise.of_bits(torch.from_numpy(bits)).numpy()
