"""Expected number of completions that a plan names, before it is drawn, and a job's part of them."""

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


def counts_of_part(counts: list[tuple[float, float]], part: int, parts: int) -> list[tuple[float, float]]:
    """Completions of each checkpoint that one harvest job generates (`rows_of_part` of the stage).

    Args:
        counts: completions of training and held-out prompts, by checkpoint.
        part: number of the job, from 1.
        parts: number of jobs; each has as many completions.
    """
    total = sum(map(sum, counts))
    first, end = total * (part - 1) / parts, total * part / parts
    mine, before = [], 0.0
    for count in counts:
        size = sum(count)
        overlap = min(end, before + size) - max(first, before)
        share = overlap / size if overlap > 1e-9 * total else 0.0
        mine.append((share * count[0], share * count[1]))
        before += size
    return mine
