"""PerExample of scores: reading them, and resampling them jointly."""

import json

import numpy as np
import pytest

from tms.io import parquet
from tms.metrics.per_example import (
    HALVES,
    PerExample,
    by_example,
    half_of,
    interval,
    misfit,
    read_checkpoints,
    read_per_example,
    score_draws,
)
from tms.metrics.statistics import percentiles, resampled_means, score_interval


def row(benchmark, example, grade, **also):
    return {
        "example_id": example,
        "benchmark": benchmark,
        "checkpoint": "",
        "sample": 0,
        "extracted": "",
        "grade": grade,
        "also": json.dumps(also),
        "reason": "",
        "finish_reason": "stop",
    }


def items(scores, counts=None, benchmark="facts"):
    names = tuple(f"e{i:03d}" for i in range(len(scores)))
    return PerExample(benchmark, names, np.array(scores, float), np.array(counts or [1] * len(scores), float))


def test_rows_of_another_file_order_are_aligned(tmp_path):
    path = tmp_path / "grades.parquet"
    found = [
        row("guard", "b", 1.0, harmful=[0.0]),
        row("guard", "a", None, refused=[1.0]),  # a benign prompt: no attack
        row("guard", "c", 0.0, harmful=[1.0], parts=[1.0, 0.0, 0.0]),
        row("other", "a", 1.0),
    ]
    parquet.write(path, parquet.GRADES, found, {})
    read = read_per_example(path, ["guard"])
    assert list(read) == ["guard", "guard.harmful", "guard.refused", "guard.parts"]
    assert read["guard"].examples == ("b", "c") and list(read["guard"].sums_N) == [1.0, 0.0]
    assert (read["guard.parts"].score, read["guard.parts"].n) == (pytest.approx(1 / 3), 3)
    assert read["guard"].binary and not read["guard.parts"].binary
    assert {own.benchmark for own in read.values()} == {"guard"}


def related(right, size, name="call"):
    """Items of clusters of `size` examples each, which are right as `right` says, [G][size]."""
    return by_example(
        row("tools", f"{name}-{g}-{i}", float(right[g][i])) | {"cluster": f"tool-{g}"}
        for g in range(len(right))
        for i in range(size)
    )["tools"]


def test_related_examples_are_one():
    found = related([[1, 1, 0], [0, 0, 0]], 3)
    assert found.examples == ("cluster tool-0", "cluster tool-1")
    assert (list(found.sums_N), list(found.counts_N), found.n) == ([2, 0], [3, 3], 6)
    assert found.score == pytest.approx(1 / 3) and found.clustered and not found.binary
    assert found.names == {f"call-{g}-{i}" for g in range(2) for i in range(3)}
    first = found.take([0])
    assert first.names == {f"call-0-{i}" for i in range(3)}
    mixed = by_example([row("tools", "a", 1.0) | {"cluster": ""}, row("tools", "b", 0.0) | {"cluster": "b"}])
    assert mixed["tools"].examples == ("a", "cluster b") and mixed["tools"].binary


def test_a_cluster_is_in_one_half():
    found = related(np.ones((40, 5)), 5)
    halves = [found.of_half(half).names for half in HALVES]
    assert not halves[0] & halves[1] and halves[0] | halves[1] == found.names
    assert all(len({name.rpartition("-")[0] for name in half}) * 5 == len(half) for half in halves)


def test_other_examples_of_the_same_clusters_are_others():
    one, other = related(np.ones((3, 2)), 2), related(np.ones((3, 2)), 2, "other")
    assert one.examples == other.examples
    assert misfit({"base": one, "run": one}) is None
    assert misfit({"base": one, "run": other}) == "run"


def test_the_same_examples_without_their_clusters_are_others():
    """Grades that an older version made beside newer ones: an example would be drawn under two names."""
    grades = [1.0, 0.0, 1.0, 1.0]
    alone = [row("tools", f"call-{i}", grade) for i, grade in enumerate(grades)]
    together = [one | {"cluster": f"tool-{i // 2}"} for i, one in enumerate(alone)]
    lost = [together[0] | {"grade": None, "reason": "crash"}, *together[1:]]
    plain, clustered, short = (by_example(rows)["tools"] for rows in (alone, together, lost))
    assert misfit({"base": plain, "run": clustered}) == misfit({"base": clustered, "run": plain}) == "run"
    assert misfit({"base": clustered, "run": short}) is None


def test_clusters_of_one_are_examples_digit_for_digit():
    grades = np.random.default_rng(0).integers(0, 2, size=60)
    plain = by_example(row("tools", f"tool-{g:02}", float(x)) for g, x in enumerate(grades))["tools"]
    alone = by_example(
        row("tools", f"call-{g}", float(x)) | {"cluster": f"tool-{g:02}"} for g, x in enumerate(grades)
    )["tools"]
    assert np.array_equal(score_draws([plain], "tools"), score_draws([alone], "tools"))
    assert interval([plain]) == interval([alone]) and alone.binary


def test_clusters_that_agree_tell_as_much_as_one_example_each():
    """Wilson's interval of 40 examples, but for Student's quantile and the resamples' error."""
    whole = np.repeat(np.arange(40) < 28, 6).reshape(40, 6)
    few = score_interval([whole[:, 0].astype(float)])
    assert interval([related(whole, 6)]) == pytest.approx(few, abs=0.02)
    seeds = [related(whole, 6)] * 3
    assert interval(seeds) == pytest.approx(interval(seeds[:1]))  # that agree tell no more
    # No cluster differs from another one, and there are 40.
    half = np.tile([1, 0], (40, 3))
    assert interval([related(half, 6)]) == pytest.approx(score_interval([[1.0, 0.0] * 20]), abs=1e-9)
    # None wrong: what another cluster would be is known from 40 alone.
    assert interval([related(np.ones((40, 6)), 6)]) == pytest.approx(score_interval([[1.0] * 40]))


def test_shares_of_clusters_stay_within_0_and_1():
    scores = np.full((5, 4), 0.999)
    scores[0] = 0.3
    low, high = interval([related(scores, 4)])
    assert 0 <= low < 0.85 and 0.98 < high <= 1


def test_items_by_checkpoint(tmp_path):
    lines = [("a", "facts", "1of2", 1.0), ("a", "facts", "1of5", 0.0), ("b", "facts", "1of5", None)]
    lines = [row(name, one, grade) | {"checkpoint": point} for one, name, point, grade in lines]
    lines.append(row("guard", "a", 1.0) | {"checkpoint": "1of5"})
    parquet.write(tmp_path / "grades.parquet", parquet.GRADES, lines, {})
    found = read_checkpoints(tmp_path / "grades.parquet", ["facts"])
    assert {
        point: {name: (own.examples, own.score) for name, own in model.items()}
        for point, model in found.items()
    } == {"1of2": {"facts": (("a",), 1.0)}, "1of5": {"facts": (("a",), 0.0)}}


def test_draws_are_the_ratio_of_resampled_items():
    sums, counts = [2.0, 0.0, 1.0, 3.0], [2, 1, 3, 3]
    (found,) = score_draws([items(sums, counts)], "facts")
    assert found[0] == pytest.approx(6 / 9)
    ratio = resampled_means([sums], "facts")[0] / resampled_means([counts], "facts")[0]
    assert np.allclose(found[1:], ratio)
    assert interval([items(sums, counts)]) == pytest.approx(percentiles(ratio))


def test_benchmarks_are_resampled_independently():
    """Grades in the same order of size must not move together: the mean of two has half the variance."""
    drawn = [score_draws([items([1.0] * 60 + [0.0] * 40)], name)[0, 1:] for name in ("facts", "lookup")]
    assert abs(np.corrcoef(drawn)[0, 1]) < 0.04  # four standard errors of 10,000 resamples
    assert np.var(np.mean(drawn, axis=0)) == pytest.approx(0.24 / 100 / 2, rel=0.08)


def test_an_item_that_one_model_lacks_does_not_count_for_it():
    whole = items([1.0, 0.0, 1.0, 1.0] * 50)
    part = whole.take(range(100))
    base, run = score_draws([whole, part], "facts")[:, 1:]
    assert run.mean() == pytest.approx(0.75, abs=0.01)
    assert run.std() == pytest.approx(np.sqrt(0.75 * 0.25 / 100), rel=0.1)
    assert base.std() == pytest.approx(np.sqrt(0.75 * 0.25 / 200), rel=0.1)
    low, high = interval([whole, part])  # no two runs of one set of examples: no Wilson's interval
    assert low < 0.75 < high


def test_zeros_and_ones_have_wilsons_interval_whatever_the_draws():
    right = items([1.0, 0.0, 1.0])
    assert interval([right]) == interval([right], np.zeros(5)) == score_interval([[1.0, 0.0, 1.0]])
    assert interval([items([1.0] * 150)])[0] == pytest.approx(0.97502, abs=1e-5)


def test_items_of_one_example_are_resampled_together():
    """200 examples of 5 equal items hold as much as 200 of one, not as much as 1,000."""
    right = np.random.default_rng(4).integers(0, 2, size=200).astype(float)
    five = items(5 * right, [5] * 200)
    assert five.score == pytest.approx(right.mean()) and five.n == 1000
    assert interval([five]) == pytest.approx(score_interval([right]), abs=0.01)


def test_rows_of_one_example_are_its_items_and_rows_without_one_do_not_count():
    samples = [
        row("chain", "a", 1.0),
        row("chain", "a", 0.0),
        row("chain", "b", None),
        row("chain", "c", 1.0),
    ]
    found = by_example(samples)["chain"]
    assert (found.examples, list(found.sums_N), list(found.counts_N)) == (("a", "c"), [1, 1], [2, 1])
    alone = by_example([row("chain", "a", None, parts=[1.0, 1.0])])["chain.parts"]
    assert interval([alone]) == (0, 1)  # a single example tells nothing of others


def test_a_model_may_lack_what_the_machine_has_lost_and_nothing_else():
    def model(*grades, lost=()):
        rows = [row("facts", f"e{i}", grade) for i, grade in enumerate(grades)]
        return by_example([one | {"reason": "crash"} if i in lost else one for i, one in enumerate(rows)])

    whole, short = model(1.0, 0.0, 1.0), model(1.0, None, 1.0, lost=[1])
    assert short["facts"].lost == {"e1"} and short["facts"].score == 1.0
    assert misfit({"a": whole["facts"], "b": short["facts"]}) is None
    assert misfit({"b": short["facts"], "a": whole["facts"]}) is None
    assert misfit({"a": whole["facts"], "c": model(1.0, None, 1.0)["facts"]}) == "c"
    assert misfit({"b": short["facts"], "d": model(1.0, 1.0)["facts"]}) == "d"
    assert misfit({"a": whole["facts"], "e": None}) == "e"


def test_a_half_is_a_fair_coin_of_the_name():
    names = [f"example-{i}" for i in range(4000)]
    first = [half_of("facts", name) == "validation" for name in names]
    assert abs(np.mean(first) - 0.5) < 4 * 0.5 / np.sqrt(4000)
    other = [half_of("lookup", name) == "validation" for name in names]
    assert abs(np.mean(np.equal(first, other)) - 0.5) < 4 * 0.5 / np.sqrt(4000)
    # SHA-256 of "facts\0example-1" begins with b4, an even byte; a change would redraw every reported number.
    assert half_of("facts", "example-1") == "validation"
