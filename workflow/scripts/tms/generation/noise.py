"""Gumbel noise from a counter: a pure function of (row, step, token).

Drawing argmax(logits / temperature + noise) samples from softmax(logits / temperature). The noise does not
come from a generator with a state, so a row's text does not depend on the rows that it shares a batch with,
on their order, or on where a run was interrupted. Stored rows rely on it: any change of the numbers is a new
format (`noise_key.FORMAT`), which makes every stored row unusable.
"""

import torch

GAMMA = 0x9E3779B97F4A7C15 - (1 << 64)  # the golden-ratio increment of splitmix64, as a signed 64-bit integer
FACTOR_1 = 0xBF58476D1CE4E5B9 - (1 << 64)
FACTOR_2 = 0x94D049BB133111EB - (1 << 64)
LARGEST = 1 - 2**-24  # the largest float32 below 1


def gumbel(keys: torch.Tensor, steps: torch.Tensor, vocabulary: int) -> torch.Tensor:
    """Draw standard Gumbel noise for the next token of each row.

    With U uniform in (0, 1), E = -log(1 - U) is exponential and -log(E) is Gumbel. U is a float32, which is
    fine near 0 and coarse near 1; in this form the fine end makes the large values, those that win.

    Args:
        keys: noise keys of the rows, [batch], int64.
        steps: number of tokens that each row already has, [batch], int64.
        vocabulary: number of tokens V.

    Returns:
        Noise, [batch, V], float32, on the device of `keys`.
    """
    return of_bits(bits(keys, steps, vocabulary))


def of_bits(random_bits: torch.Tensor) -> torch.Tensor:
    """Gumbel noise, float32, of 63 random bits each, int64: the more, the smaller."""
    uniform = (random_bits.to(torch.float32) + 0.5) * 2.0**-63
    exponential = uniform.clamp_(max=LARGEST).neg_().log1p_().neg_()
    return exponential.log_().neg_()


def bits(keys: torch.Tensor, steps: torch.Tensor, vocabulary: int) -> torch.Tensor:
    """Hash (row, step, token) to 63 random bits, [batch, V], int64 (splitmix64, a stream a row and step)."""
    tokens = torch.arange(1, vocabulary + 1, device=keys.device) * GAMMA
    return _shift(_mix(streams(keys, steps)[:, None] + tokens[None, :]), 1)


def streams(keys: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Start of the stream of each row's step, [batch], int64; token v is v + 1 increments further."""
    return _mix(_mix(keys.clone()).add_((steps + 1) * GAMMA))


def _mix(state: torch.Tensor) -> torch.Tensor:
    """The finaliser of splitmix64, in place; int64 multiplication wraps around."""
    state.bitwise_xor_(_shift(state, 30)).mul_(FACTOR_1)
    state.bitwise_xor_(_shift(state, 27)).mul_(FACTOR_2)
    return state.bitwise_xor_(_shift(state, 31))


def _shift(state: torch.Tensor, places: int) -> torch.Tensor:
    """Shift right with zeros coming in (torch's shift of a negative int64 brings in ones)."""
    return (state >> places).bitwise_and_((1 << (64 - places)) - 1)
