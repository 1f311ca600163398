"""Sampling settings of a completion."""

from dataclasses import dataclass

from tms.io.errors import InputError


@dataclass(frozen=True)
class Sampling:
    """Settings by which completions are drawn.

    Args:
        temperature: divides the logits; 0 is greedy decoding.
        top_p: keep the smallest set of most probable tokens that holds this mass (1: all).
        top_k: keep this many most probable tokens (0: all).
        max_new_tokens: longest completion; a row that reaches it ends with finish reason "length".

    Raises:
        InputError: a value is out of range.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    max_new_tokens: int = 4096

    def __post_init__(self):
        if not 0 <= self.temperature < float("inf"):
            raise InputError(
                f"temperature {self.temperature}: give a finite number of 0 or more (0 is greedy)"
            )
        if not 0 < self.top_p <= 1:
            raise InputError(f"top_p {self.top_p}: give a number above 0 and up to 1 (1 keeps every token)")
        if self.top_k < 0:
            raise InputError(f"top_k {self.top_k}: give 0 (every token) or a positive number")
        if self.max_new_tokens < 1:
            raise InputError(f"max_new_tokens {self.max_new_tokens}: give a positive number")
