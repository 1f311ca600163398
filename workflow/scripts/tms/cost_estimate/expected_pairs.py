"""Expected number of completions that a plan names, before it is drawn."""

from tms.mixture.plan import MixtureWeights


def distinct_pairs(
    mixture: MixtureWeights, epochs: float, samples: int = 1, share: float = 1.0
) -> dict[str, float]:
    """Expected number of completions that a plan names for each training prompt, by checkpoint (Eq. 5.2).

    A visit draws (t, sample) with probability (1 - alpha) p(t) / samples; E visits name a pair with
    probability 1 - (1 - that)^E. With a share of the prompts harvested, each of them is visited E / share
    times; where that is no whole number, some are visited once more than others.

    Args:
        mixture: alpha and p(t).
        epochs: E, visits of each prompt.
        samples: completions that a (prompt, checkpoint) pair can be drawn from.
        share: part of the prompts that is harvested.
    """
    visits = epochs / share
    whole = int(visits)
    more = visits - whole  # share of the harvested prompts with one visit more
    pairs = {}
    for point, weight in zip(mixture.points, mixture.weights, strict=True):
        miss = 1 - (1 - mixture.alpha) * weight / samples
        named = (1 - more) * (1 - miss**whole) + more * (1 - miss ** (whole + 1))
        pairs[point] = share * samples * named
    return pairs
