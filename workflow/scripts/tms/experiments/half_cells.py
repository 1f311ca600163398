"""Methods on both halves of every benchmark's examples: one is chosen on validation and measured on test."""

from collections.abc import Hashable, Mapping, Sequence

from tms.config.suite import Suite
from tms.metrics.per_example import HALVES, Model
from tms.metrics.summary import BASE, Summary, difference

MEASURED = ("target_mean", "retention_mean", "forgetting")


def has_halves(base: Model, suite: Suite) -> bool:
    """Whether each half of each benchmark with a score has a graded example of theta_0's."""
    return all(base[name].of_half(half).examples for name in suite.scored.benchmarks for half in HALVES)


def half_cells(
    halves: Mapping[str, Mapping[Hashable, Summary]], methods: Sequence[str], baselines: Sequence[str]
) -> list[dict]:
    """`MEASURED` of theta_0 and of methods on each half, and on test the differences between them.

    Args:
        halves: summaries of theta_0 and of the methods and baselines, by half.
        methods: the rows, in order.
        baselines: methods that every other is compared with.
    """
    return [
        {"method": method, "prompts": half} | cell
        for half, summaries in halves.items()
        for method in (BASE, *methods)
        for cell in coordinates(summaries[method])
        + (differences(method, summaries, baselines) if half == "test" else [])
    ]


def coordinates(summary: Summary) -> list[dict]:
    """Cells of those of `MEASURED` that there are."""
    return [
        {"quantity": name}
        | summary.estimate(name).columns()
        | summary.sizes(name)
        | ({} if summary.trained else {"seeds": None})
        for name in MEASURED
        if summary.value(name) is not None
    ]


def differences(
    key: Hashable, summaries: Mapping[Hashable, Summary], baselines: Sequence[Hashable]
) -> list[dict]:
    """Cells `delta.X` and `versus_{baseline}.X` of one summary, each with the p-value of its own test.

    Args:
        key: of the summary; a method, or a method and its checkpoint.
        summaries: theta_0's under `BASE`, and all others.
        baselines: keys of the summaries to compare with; each is a method, or a method and "".
    """
    own = summaries[key]
    if key == BASE:
        return []
    against = {"delta": BASE} | {f"versus_{_method(name)}": name for name in baselines if name != key}
    cells = []
    for family, other in against.items():
        for name in MEASURED:
            found = difference(own, summaries[other], name)
            # Forgetting is 0 for theta_0 by definition: its difference is forgetting itself.
            if found.value is None or (other, name) == (BASE, "forgetting"):
                continue
            columns = found._replace(p_uncorrected=found.p_value).columns()
            cells.append({"quantity": f"{family}.{name}"} | columns | own.sizes(name))
    return cells


def _method(key: Hashable) -> str:
    return key if isinstance(key, str) else key[0]
