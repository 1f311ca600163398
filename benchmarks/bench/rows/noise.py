"""A token drawn for each row over a vocabulary of 152k, against what draws one elsewhere.

Row-seeded noise and torch's generator cannot draw equal tokens; `check` holds both to the softmax.
"""

WORK = "draw a token a row, V = 152k, B = 256"
PEER = "torch, softmax + multinomial"
PACKAGES = ["torch"]
FIRST = "time 2.0"
REACH = {"time": 0.6}
ROWS, VOCABULARY = 256, 151_936


def logits():
    """Random logits, the same on both sides."""
    import torch

    return torch.randn(ROWS, VOCABULARY, generator=torch.Generator().manual_seed(0))


def product(inputs):
    """Draws of `next_token.choose`."""
    import torch

    from tms.generation.next_token import choose
    from tms.generation.sampling import Sampling

    scores, keys, steps = logits(), torch.arange(ROWS) * 7919, torch.arange(ROWS)

    @torch.inference_mode()
    def work() -> list[int]:
        return choose(scores, keys, steps, Sampling()).tolist()

    return work


def peer(inputs):
    """Draws of torch."""
    import torch

    scores = logits()

    @torch.inference_mode()
    def work() -> list[int]:
        return torch.multinomial(torch.softmax(scores, -1), 1)[:, 0].tolist()

    return work


def check(ours: list[int], theirs: list[int]) -> None:
    """The drawn tokens' mean logit is the softmax's, within four standard errors (a logit's spread is 1)."""
    import torch

    scores = logits()
    expected = (torch.softmax(scores, -1) * scores).sum(-1)
    for drawn in (ours, theirs):
        values = scores.gather(1, torch.tensor(drawn)[:, None])[:, 0]
        assert len(drawn) == ROWS and (values - expected).mean().abs() < 4 / ROWS**0.5
