"""Theorem 6.1 as a measurement: how much a score changes, and what the policies' KL allows (Appendix E)."""

from dataclasses import dataclass

import numpy as np

from tms.experiments import cells
from tms.io.errors import InputError
from tms.metrics.statistics import bootstrap_interval, percentiles, resampled_means, seed_interval

# In the order in which they are reported: few samples a prompt bias the corollary's mean KL in no direction,
# but the mean of roots low.
BOUNDS = ["corollary", "bound", "tv_corollary", "tv_bound"]
OF_ROOTS = ["bound", "tv_bound"]


@dataclass(frozen=True)
class PromptMeans:
    """Means over the samples of each prompt, for S seeds and the P prompts that count.

    Attributes:
        policy_SP, base_SP: score of the trained policy and of the base, in [0, 1].
        kl_SP: KL(policy || base), nats a sequence; unbiased, but a mean of few draws.
        draws: samples of the policy for each prompt and seed.
        truncated: share of all samples that the length limit cut.
        left_out: prompts of which a sample does not count.
    """

    policy_SP: np.ndarray
    base_SP: np.ndarray
    kl_SP: np.ndarray
    draws: int
    truncated: float
    left_out: int


def prompt_means(samples: list[dict], what: str) -> PromptMeans:
    """Bring the graded samples of one prompt set together, by prompt.

    A prompt counts on both sides or on neither.

    Args:
        samples: columns `seed`, `source` (policy | base), `example_id`, `grade` (None: does not count),
            `kl` and `finish_reason`.
        what: their name in an error.

    Raises:
        InputError: policy and base, or two seeds, have other prompts or numbers of samples.
    """
    groups: dict[tuple[int, str, str], list[dict]] = {}
    for row in samples:
        groups.setdefault((row["seed"], row["source"], row["example_id"]), []).append(row)
    seeds, prompts = (list(dict.fromkeys(key[place] for key in groups)) for place in (0, 2))
    draws = len(next(iter(groups.values())))
    for seed in seeds:
        for source in ("policy", "base"):
            if any(len(groups.get((seed, source, prompt), [])) != draws for prompt in prompts):
                raise InputError(
                    f"{what}: seed {seed} does not have {draws} samples of the {source} for each prompt; "
                    f"run drift again for all seeds"
                )
    uncounted = {row["example_id"] for row in samples if row["grade"] is None}
    counted = [prompt for prompt in prompts if prompt not in uncounted]

    def means(source: str, column: str) -> np.ndarray:
        values = [
            [[row[column] for row in groups[seed, source, prompt]] for prompt in counted] for seed in seeds
        ]
        return np.array(values, dtype=float).reshape(len(seeds), len(counted), draws).mean(axis=-1)

    return PromptMeans(
        policy_SP=means("policy", "grade"),
        base_SP=means("base", "grade"),
        kl_SP=np.maximum(means("policy", "kl"), 0.0),  # rounding may leave equal policies a hair below 0
        draws=draws,
        truncated=sum(row["finish_reason"] == "length" for row in samples) / len(samples),
        left_out=len(uncounted),
    )


def sides(change, kl, root_kl) -> dict:
    """Both sides of Theorem 6.1, as numbers or as arrays of resampled numbers.

    The last two are the tighter form: a score in [0, 1] changes by no more than the total variation, and
    TV <= sqrt(KL / 2) (Pinsker), which is half of what the paper states.

    Args:
        change: E f(policy) - E f(base).
        kl: E KL(policy || base), nats a sequence.
        root_kl: E sqrt(KL(policy || base)), the expectation over prompts.

    Returns:
        `change`; `left`, its size; `corollary` sqrt(2 E KL) (Corollary E.0.1); `bound` E sqrt(2 KL)
        (Theorem 6.1); `tv_corollary` sqrt(E KL / 2); `tv_bound` E sqrt(KL / 2).
    """
    return {
        "change": change,
        "left": abs(change),
        "corollary": np.sqrt(2 * kl),
        "bound": np.sqrt(2) * root_kl,
        "tv_corollary": np.sqrt(kl / 2),
        "tv_bound": root_kl / np.sqrt(2),
    }


def bound_cells(model: str, method: str, train_task: str, prompts: str, samples: list[dict]) -> list[dict]:
    """Both sides of Theorem 6.1 on one prompt set, with 95 % intervals over prompts and over seeds.

    The seeds' runs are taken together as one policy, their even mixture: its score is their mean, and by
    convexity its KL is at most their mean, so the theorem holds for it too; the notes say of how many single
    runs the left side exceeds a bound. Prompts are resampled with all that belongs to them, both sides and
    all seeds. Completions that the length limit cut are outputs of a policy as any other.

    Args:
        model, method, train_task, prompts: the columns of the same names.
        samples: as in `prompt_means`.

    Returns:
        Cells `left`, `change` (signed), the bounds, and `looseness`, the corollary over the left side (None
        where the left side is 0).
    """
    what = f"{method}/{train_task}, prompts {prompts}"
    means = prompt_means(samples, what)
    seeds, n = means.policy_SP.shape
    common = {"method": method, "train_task": train_task, "prompts": prompts, "n": n, "seeds": seeds}

    def cell(quantity, value, **others):
        return cells.cell("theorem61", model, quantity, value, **common, **others)

    if not n:
        names = ["left", "change", *BOUNDS, "looseness"]
        return [cell(name, None, note="not measured: no prompt's answers count") for name in names]
    change_SP, kl_P = means.policy_SP - means.base_SP, means.kl_SP.mean(axis=0)
    by_prompt = np.array([change_SP.mean(axis=0), kl_P, np.sqrt(kl_P)])
    values = {name: float(value) for name, value in sides(*by_prompt.mean(axis=1)).items()}
    drawn = sides(*resampled_means(by_prompt))
    runs = [change_SP.mean(axis=1), means.kl_SP.mean(axis=1), np.sqrt(means.kl_SP).mean(axis=1)]
    over_prompts = {name: percentiles(drawn[name]) for name in BOUNDS}
    over_prompts["change"] = bootstrap_interval(drawn["change"], n, (-1.0, 1.0))
    over_prompts["left"] = _size(*over_prompts["change"])
    over_seeds = _over_seeds(runs[0], runs[1])
    notes = {name: _bound_note(name, values, seeds * means.draws) for name in BOUNDS}
    notes |= {"left": _left_note(means, values, sides(*runs)), "change": "signed: trained policy minus base"}
    result = []
    for name in ["left", "change", *BOUNDS]:
        (ci_low, ci_high), (seeds_low, seeds_high) = over_prompts[name], over_seeds.get(name, (None, None))
        interval = {"ci_low": ci_low, "ci_high": ci_high, "seeds_low": seeds_low, "seeds_high": seeds_high}
        result.append(cell(name, values[name], **interval, note=notes[name]))
    return [*result, cell("looseness", **_looseness(values, drawn))]


def _over_seeds(change_S: np.ndarray, kl_S: np.ndarray) -> dict[str, tuple[float, float]]:
    """Intervals over seeds; of the KL first, whose mean over seeds is the mixture's.

    The means of roots have none: of one seed alone they have fewer draws, hence more bias.
    """
    change, kl = seed_interval(change_S.tolist()), seed_interval(kl_S.tolist())
    if change is None:
        return {}
    low, high = (sides(0.0, max(bound, 0.0), 0.0) for bound in kl)
    of_kl = {name: (float(low[name]), float(high[name])) for name in BOUNDS if name not in OF_ROOTS}
    return {"change": change, "left": _size(*change)} | of_kl


def _size(low: float, high: float) -> tuple[float, float]:
    """Bounds of |z| for a z between two bounds."""
    inner, outer = sorted((abs(low), abs(high)))
    return (0.0 if low <= 0 <= high else inner), outer


def _looseness(values: dict[str, float], drawn: dict) -> dict:
    """Value, bounds and note of corollary / left side, by way of its inverse, which stays finite."""
    if values["left"] == 0:
        return {"value": None, "note": "no ratio: the left side is 0"}
    value = values["corollary"] / values["left"]
    # Resamples of equal policies have 0 on both sides.
    shares = np.divide(
        drawn["change"], drawn["corollary"], out=np.zeros_like(drawn["change"]), where=drawn["corollary"] > 0
    )
    low, high = _size(*percentiles(shares))
    if low == 0:
        at_least = f", at least {1 / high:.2g}" if high > 0 else ""
        return {"value": value, "note": f"no upper bound{at_least}: the left side may be 0"}
    return {"value": value, "ci_low": 1 / high, "ci_high": 1 / low}


def _left_note(means: PromptMeans, values: dict[str, float], runs: dict[str, np.ndarray]) -> str:
    notes = []
    for name in BOUNDS:
        exceeding = np.sum(runs["left"] > runs[name])
        if values["left"] > values[name]:
            notes.append(f"exceeds {name} (a sampling error: the theorem holds)")
        elif exceeding:
            notes.append(f"exceeds {name} in {exceeding} of {len(means.kl_SP)} runs taken alone")
    if means.truncated:
        notes.append(f"{means.truncated:.1%} of the samples cut at the length limit, kept")
    if means.left_out:
        notes.append(f"{means.left_out} prompts do not count for the score")
    return "; ".join(notes)


def _bound_note(name: str, values: dict[str, float], draws: int) -> str:
    notes = ["above 1, says nothing"] if values[name] >= 1 else []
    if name in OF_ROOTS:
        drawn = "a single draw" if draws == 1 else f"the mean of {draws} draws"
        notes.append(f"biased low: a prompt's KL is {drawn} (Jensen)")
    return "; ".join(notes)
