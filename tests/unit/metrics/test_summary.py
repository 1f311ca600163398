"""Quantities of methods against hand-computed numbers and the paper's own table, and their joint draws."""

import csv
import itertools
import math

import numpy as np
import pytest
from helpers.paths import PAPER
from helpers.simulated_grades import items

from tms.config.suite import Suite
from tms.io.errors import InputError
from tms.metrics import statistics
from tms.metrics.paired_tests import bootstrap_p
from tms.metrics.per_example import HALVES, PerExample, half_of
from tms.metrics.quantities import quantities
from tms.metrics.statistics import percentiles, resampled_means, score_interval
from tms.metrics.summary import BASE, difference, summarise

TABLE9 = PAPER / "table9.csv"
SUITE = Suite(["countdown", "chain"], ["facts", "refusal"])


def scored(**scores):
    """A model whose every example has the given score."""
    names = tuple("0123456789")
    return {name: PerExample(name, names, np.full(10, score), np.ones(10)) for name, score in scores.items()}


MODEL = scored(countdown=0.4, chain=0.3, facts=1.0, refusal=0.8)
RUNS = {
    ("countdown", 0): scored(countdown=0.6, chain=0.2, facts=0.9, refusal=0.9),
    ("countdown", 1): scored(countdown=0.8, chain=0.1, facts=0.7, refusal=0.8),
    ("chain", 0): scored(countdown=0.3, chain=0.9, facts=1.0, refusal=0.4),
    ("chain", 1): scored(countdown=0.5, chain=0.7, facts=0.8, refusal=0.6),
}


@pytest.fixture
def few_resamples(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 20)


def values(base, runs, suite, task=""):
    found = summarise(base, {"tms": runs}, suite, ["", *suite.targets])[task]["tms"]
    return {name: found.value(name) for name in found.draws_SD}


def test_quantities_by_hand(few_resamples):
    # Forgetting of each run: (-.1 + 0)/2, (-.3 + 0)/2, (0 - .4)/2, (-.2 - .2)/2; a gain cancels no loss.
    assert values(MODEL, RUNS, SUITE) == pytest.approx(
        {
            "countdown": 0.7,
            "chain": 0.8,
            "facts": 0.85,
            "refusal": 0.675,
            "target_mean": 0.75,
            "retention_mean": 0.7625,
            "xfer": (-0.1 - 0.2 - 0.1 + 0.1) / 4,
            "forgetting": (-0.05 - 0.15 - 0.2 - 0.2) / 4,
        }
    )
    summaries = summarise(MODEL, {"tms": RUNS}, SUITE)[""]
    deltas = {
        name: difference(summaries["tms"], summaries[BASE], name).value for name in quantities(SUITE, "")
    }
    assert deltas == pytest.approx(
        {
            "countdown": 0.3,
            "chain": 0.5,
            "facts": -0.15,
            "refusal": -0.125,
            "target_mean": 0.4,
            "retention_mean": (-0.15 - 0.125) / 2,
            "xfer": -0.075,
            "forgetting": -0.15,
        }
    )
    base = summaries[BASE]
    assert (base.value("forgetting"), base.estimate("forgetting").interval) == (0, (0, 0))
    assert base.value("target_mean") == pytest.approx(0.35)


def test_quantities_of_the_runs_on_one_task(few_resamples):
    found = values(MODEL, RUNS, SUITE, "countdown")
    assert found["countdown"] == pytest.approx(0.7)
    assert found["chain"] == pytest.approx(0.15)  # a transfer: no run on it here
    assert found["xfer"] == pytest.approx(-0.15)
    assert found["retention_mean"] == pytest.approx((0.8 + 0.85) / 2)
    assert found["forgetting"] == pytest.approx((-0.05 - 0.15) / 2)


def test_a_joint_target_gives_the_columns_of_its_tasks(few_resamples):
    """Its runs are both tasks' own: no transfer between them, and `target_mean` is over both."""
    suite = Suite(["countdown+chain"], ["facts", "refusal"])
    runs = {("countdown+chain", seed): RUNS["countdown", seed] for seed in (0, 1)}
    expected = {
        "countdown": 0.7,
        "chain": 0.15,
        "facts": 0.8,
        "refusal": 0.85,
        "target_mean": (0.7 + 0.15) / 2,
        "retention_mean": (0.8 + 0.85) / 2,
        "forgetting": (-0.05 - 0.15) / 2,
    }
    for task in ("", "countdown+chain"):
        found = summarise(MODEL, {"tms": runs}, suite, [task])[task]["tms"]
        assert {name: found.value(name) for name in expected} == pytest.approx(expected)
        assert found.value("xfer") is None


def test_a_joint_target_beside_another_one(few_resamples):
    """Columns come from the runs on their own target; what a run was not trained on is transfer."""
    suite = Suite(["sums", "countdown+chain"], ["facts"])
    base = MODEL | scored(sums=0.5)
    runs = {
        ("sums", 0): scored(sums=0.9, countdown=0.1, chain=0.2, facts=1.0),
        ("countdown+chain", 0): scored(sums=0.6, countdown=0.8, chain=0.7, facts=1.0),
    }
    found = values(base, runs, suite)
    assert [found[name] for name in ("sums", "countdown", "chain")] == pytest.approx([0.9, 0.8, 0.7])
    assert found["target_mean"] == pytest.approx(0.8)
    # (0.1 - 0.4 + 0.2 - 0.3) / 2 of the runs on sums, 0.6 - 0.5 of the joint ones.
    assert found["xfer"] == pytest.approx((-0.2 + 0.1) / 2)
    joint = values(base, runs, suite, "countdown+chain")
    assert (joint["target_mean"], joint["xfer"]) == pytest.approx((0.75, 0.1))


def test_a_suite_of_one_target_has_no_transfer(few_resamples):
    suite = Suite(["chain"], ["facts", "refusal"])
    summaries = summarise(MODEL, {"tms": {("chain", 0): RUNS["chain", 0]}}, suite)[""]
    found = summaries["tms"].estimate("xfer")
    assert (
        found.value is found.interval is difference(summaries["tms"], summaries[BASE], "xfer").value is None
    )


def test_the_mean_of_one_benchmark_is_its_score():
    """One number has one interval, under whatever name: Wilson's for the only target too."""
    suite = Suite(["chain"], ["facts"])
    runs = {("chain", seed): random_model(np.random.default_rng(seed), suite) for seed in (1, 2)}
    found = summarise(random_model(np.random.default_rng(0), suite), {"tms": runs}, suite)[""]["tms"]
    for mean, name in (("target_mean", "chain"), ("retention_mean", "facts")):
        assert found.estimate(mean) == found.estimate(name)
        assert found.estimate(name).interval == score_interval([run[name].sums_N for run in runs.values()])


def test_views_safety_and_reported_benchmarks_by_hand(few_resamples):
    """MATH-500's column comes from the MATH runs, it is transfer for others; F_ext adds the safety sets."""
    suite = Suite(["math", "gsm8k"], ["arc"], {"math500": "math"}, ["wildguard"], ["subjects"])
    base = scored(math=0.4, gsm8k=0.5, math500=0.3, arc=0.8, wildguard=0.9, subjects=0.5)
    runs = {
        ("math", 0): scored(math=0.6, gsm8k=0.4, math500=0.5, arc=0.7, wildguard=0.6, subjects=0.1),
        ("gsm8k", 0): scored(math=0.5, gsm8k=0.7, math500=0.7, arc=0.9, wildguard=0.8, subjects=0.3),
    }
    found = summarise(base, {"tms": runs}, suite, ["", *suite.targets])
    assert [found[task]["tms"].sizes("xfer")["n"] for task in ("", "math", "gsm8k")] == [30, 10, 20]
    assert set(quantities(suite)["xfer"]) == {"math", "gsm8k", "math500"}
    method = values(base, runs, suite)
    assert method["math500"] == 0.5
    # the math run's only transfer is gsm8k; the gsm8k run's are math and math500
    assert method["xfer"] == pytest.approx((-0.1 + (0.1 + 0.4) / 2) / 2)
    assert method["forgetting"] == pytest.approx((-0.1 + 0) / 2)
    assert method["forgetting_ext"] == pytest.approx(((-0.1 - 0.3) / 2 + (0 - 0.1) / 2) / 2)
    assert method["subjects"] == pytest.approx(0.2)
    assert method["wildguard"] == pytest.approx(0.7)


def test_forgetting_that_chance_alone_would_give(few_resamples):
    suite, names = Suite(["chain"], ["facts", "refusal"]), tuple(map(str, range(100)))

    def model(**scores):
        return {
            name: PerExample(name, names, np.full(100, score), np.ones(100)) for name, score in scores.items()
        }

    base = model(chain=0.3, facts=1.0, refusal=0.8)
    methods = {
        "sft": {("chain", 0): model(chain=0.9, facts=0.5, refusal=0.9)},
        "tms": {("chain", 0): model(chain=0.9, facts=1.0, refusal=0.8)},
    }
    found = summarise(base, methods, suite)[""]
    assert found[BASE].floor == {}
    # Facts: sqrt(.5 * .5 / 100) = .05; refusal: sqrt((.9 * .1 + .8 * .2) / 100) = .05; / sqrt(2 pi) = .0199.
    assert found["sft"].floor == {"forgetting_floor": pytest.approx(-0.05 / math.sqrt(2 * math.pi))}
    # Facts: 0; refusal: sqrt(2 * .16 / 100) = .0566; mean / sqrt(2 pi) = .0113.
    assert found["tms"].floor == {"forgetting_floor": pytest.approx(-0.0113, abs=5e-5)}


def test_what_does_not_fit_is_refused(few_resamples):
    lacking = {run: model for run, model in RUNS.items() if run != ("chain", 1)}
    with pytest.raises(InputError, match="--grades: no run tms/1of2/chain/seed1; name one"):
        summarise(MODEL, {("sft", ""): RUNS, ("tms", "1of2"): lacking}, SUITE)
    fewer = MODEL | {"facts": MODEL["facts"].take(range(1, 10))}
    with pytest.raises(InputError, match="grades of sft/countdown/seed0: other examples of facts than the b"):
        summarise(fewer, {("sft", ""): RUNS}, SUITE)
    for broken in ({}, {"facts": MODEL["facts"].take([])}):
        other = RUNS | {("chain", 1): {name: RUNS["chain", 1][name] for name in SUITE.targets} | broken}
        with pytest.raises(InputError, match="grades of tms/chain/seed1: other examples of facts"):
            summarise(MODEL, {"tms": other}, SUITE)
    one = {name: own.take([0]) for name, own in MODEL.items()}
    empty = "test" if half_of("countdown", "0") == "validation" else "validation"
    with pytest.raises(InputError, match=r"no graded example .*tasks\.countdown\.limit"):
        summarise(one, {"tms": dict.fromkeys(RUNS, one)}, SUITE, half=empty)


WIDE = Suite(["math", "chain"], ["facts", "lookup"], views={"math500": "math"}, safety=["guard"])
WIDE_RUNS = list(itertools.product(["math", "chain"], [0, 1, 2]))


def random_model(rng, suite, n=40):
    return {
        name: items(name, {f"{name}-{i}": float(rng.random() < 0.6) for i in range(n)})
        for name in suite.benchmarks
    }


@pytest.fixture(scope="module")
def random_models():
    rng = np.random.default_rng(0)
    points = ["sft/1of2", "sft"]
    return random_model(rng, WIDE), {
        point: {run: random_model(rng, WIDE) for run in WIDE_RUNS} for point in points
    }


@pytest.mark.parametrize("half", ["", *HALVES])
def test_a_half_is_the_summary_of_its_examples(random_models, half):
    base, points = random_models

    def part(model):
        return {
            name: own.take([i for i, one in enumerate(own.examples) if half in ("", half_of(name, one))])
            for name, own in model.items()
        }

    found = summarise(base, points, WIDE, half=half)[""]
    parts = {point: {run: part(model) for run, model in runs.items()} for point, runs in points.items()}
    expected = summarise(part(base), parts, WIDE)[""]
    for point, name in itertools.product(points, expected["sft"].draws_SD):
        assert found[point].value(name) == expected[point].value(name)
        assert found[point].sizes(name) == expected[point].sizes(name)


def test_halves_are_drawn_apart():
    """With as many examples and the same grades in both, equal draws would move together."""
    suite, names = Suite(["chain"], ["facts"]), [str(i) for i in range(200)]
    model = {}
    for benchmark in suite.benchmarks:
        halves = [
            sorted([name for name in names if half_of(benchmark, name) == half][:40]) for half in HALVES
        ]
        model[benchmark] = items(
            benchmark, {name: float(i % 3 > 0) for own in halves for i, name in enumerate(own)}
        )
    drawn = [
        summarise(model, {"sft": {("chain", 0): model}}, suite, half=half)[""][BASE].draws_SD["facts"][0]
        for half in HALVES
    ]
    assert drawn[0][0] == drawn[1][0]
    assert abs(np.corrcoef(drawn[0][1:], drawn[1][1:])[0, 1]) < 0.04  # four standard errors


def test_halves_share_no_example_and_leave_none_out(random_models):
    base, points = random_models
    sizes = [
        summarise(base, points, WIDE, half=half)[""]["sft"].sizes("forgetting")["n"] for half in ("", *HALVES)
    ]
    assert sizes[0] == 80 == sizes[1] + sizes[2]


def test_the_order_of_methods_is_nothing(random_models):
    base, points = random_models
    found, turned = (summarise(base, own, WIDE)[""] for own in (points, dict(reversed(points.items()))))
    for point in points:
        assert np.allclose(found[point].draws_SD["forgetting"], turned[point].draws_SD["forgetting"])


def test_runs_on_other_tasks_need_not_be_graded_on_a_target(random_models):
    """Checkpoints of a run are graded on its own task and the retention benchmarks alone."""
    base, points = random_models
    suite = Suite(WIDE.targets, WIDE.retention)
    kept = {
        point: {run: {name: own[name] for name in [run[0], *WIDE.retention]} for run, own in runs.items()}
        for point, runs in points.items()
    }
    whole, found = summarise(base, points, suite)[""], summarise(base, kept, suite, transfer=False)[""]
    for name in ("target_mean", "forgetting", "retention_mean", "chain"):
        assert np.allclose(found["sft"].draws_SD[name], whole["sft"].draws_SD[name])
    assert found["sft"].value("xfer") is None


def test_resamples_are_paired(random_models):
    """A method with theta_0's own grades forgets nothing on any resample; the spread is the binomial's."""
    base, _ = random_models
    summaries = summarise(base, {"sft": dict.fromkeys(WIDE_RUNS, base)}, WIDE)[""]
    assert np.all(summaries["sft"].draws_SD["forgetting"] == 0)
    drawn = [summaries[name].draws_SD["retention_mean"].mean(axis=0) for name in ("sft", BASE)]
    assert np.allclose(*drawn)
    shares = [base[name].score for name in WIDE.targets]
    error = math.sqrt(sum(share * (1 - share) / 40 for share in shares)) / 2
    assert summaries["sft"].draws_SD["target_mean"][:, 1:].mean(axis=0).std() == pytest.approx(
        error, rel=0.05
    )
    # No grade differs of 40, so 3 of 40 may; of two benchmarks together less than of each.
    bound = 3 / 40
    assert difference(summaries["sft"], summaries[BASE], "facts").interval == pytest.approx((-bound, bound))
    low, high = summaries["sft"].estimate("forgetting").interval
    assert -bound < low < -bound / 2 and high == 0


def test_a_mean_of_which_no_grade_differs_is_known_as_well_as_each_of_its_benchmarks():
    """Before, 1,000 more examples that agree told nothing: all counted as the smallest benchmark's few."""
    suite, lows = Suite(["chain"], ["facts", "lookup"]), []
    for n in (20, 1000):
        sizes = {"chain": 60, "facts": n, "lookup": 20}
        model = {name: items(name, {str(i): float(i % 2) for i in range(of)}) for name, of in sizes.items()}
        found = summarise(model, {"sft": {("chain", 0): model}}, suite)[""]
        low, high = difference(found["sft"], found[BASE], "retention_mean").interval
        assert low == pytest.approx(-high, abs=0.002)
        lows.append(found["sft"].estimate("forgetting").interval[0])
        assert low <= lows[-1] < 0
    assert lows[0] < lows[1] == pytest.approx(-3 / 20 / 2, abs=0.002)


def test_the_difference_from_the_base_is_resampled_in_pairs(random_models):
    base, points = random_models
    summaries = summarise(base, points, WIDE)[""]
    runs = [points["sft"]["math", seed]["math"].sums_N for seed in (0, 1, 2)]
    drawn = resampled_means([np.mean(runs, axis=0), base["math"].sums_N], "math")
    found = difference(summaries["sft"], summaries[BASE], "math")
    assert found.value == pytest.approx(np.mean(runs) - base["math"].sums_N.mean())
    assert found.interval == pytest.approx(percentiles(drawn[0] - drawn[1]))
    assert found.p_value == bootstrap_p(drawn[0] - drawn[1])
    assert summaries["sft"].estimate("math").interval == pytest.approx(score_interval(runs))


def test_seeds_of_a_method_stay_together(random_models):
    """The same runs under exchanged seeds are the same method; seed by seed they differ."""
    base, points = random_models
    exchanged = {(task, 2 - seed): model for (task, seed), model in points["sft"].items()}
    summaries = summarise(base, {"sft": points["sft"], "exchanged": exchanged}, WIDE)[""]
    found = difference(summaries["sft"], summaries["exchanged"], "facts")
    bound = 3 / 40  # no example's mean over the seeds differs
    assert (found.value, found.p_value) == (pytest.approx(0), 1)
    assert found.interval == pytest.approx((-bound, bound))
    assert found.seeds_interval[0] < 0 < found.seeds_interval[1]


def test_related_examples_have_no_exact_test():
    """30 tools of 8 calls: McNemar's test would take the calls of a tool that was lost as 8 proofs."""
    suite, right = Suite(["chain"], ["facts"]), np.ones(30)

    def model(own_G):
        names = tuple(f"{i:02}" for i in range(30))
        clusters = {name: frozenset(f"{name}-{i}" for i in range(8)) for name in names}
        facts = PerExample("facts", names, 8 * own_G, np.full(30, 8.0), clusters=clusters)
        return {"chain": items("chain", {str(i): float(i % 2) for i in range(60)}), "facts": facts}

    lost = right.copy()
    lost[0] = 0
    found = summarise(model(right), {"sft": {("chain", 0): model(lost)}}, suite)[""]
    change = difference(found["sft"], found[BASE], "facts")
    assert change.value == pytest.approx(-1 / 30) and found["sft"].sizes("facts")["n"] == 240
    assert change.p_value > 0.3 and change.interval == (
        pytest.approx(-0.105, abs=0.01),
        pytest.approx(0, abs=0.003),
    )
    assert difference(found["sft"], found[BASE], "chain").p_value == 1


PAPER_TARGETS = ["math500", "math", "gsm8k", "countdown", "ifeval", "mmlu"]
PAPER_RETENTION = ["arc_c", "hotpotqa", "safetybench"]
PAPER_SUITE = Suite(PAPER_TARGETS, PAPER_RETENTION)


@pytest.fixture(scope="module")
def grid():
    with TABLE9.open(newline="") as stream:
        return list(csv.DictReader(stream))


def of_paper(line):
    return scored(**{name: float(line[name]) / 100 for name in PAPER_TARGETS + PAPER_RETENTION})


def test_deltas_of_the_papers_own_rows(grid, few_resamples):
    """One run a target, all with the scores of the printed row: our deltas must be the printed ones."""
    base, compared, off = {}, 0, []
    for line in grid:
        if line["method"] == "base":
            base = of_paper(line)
            continue
        runs = {(task, 0): of_paper(line) for task in PAPER_TARGETS}
        summaries = summarise(base, {"m": runs}, PAPER_SUITE)[""]
        delta = {
            name: 100 * difference(summaries["m"], summaries[BASE], name, test=False).value
            for name in [*PAPER_RETENTION, "forgetting"]
        }
        for name in PAPER_RETENTION:
            compared += 1
            if abs(delta[name] - float(line[f"{name}_delta"])) > 0.05:
                off.append((line["model"], line["method"], name))
        printed = [float(line[f"{name}_delta"]) for name in PAPER_RETENTION]
        assert delta["forgetting"] == pytest.approx(sum(min(value, 0) for value in printed) / 3, abs=0.07)
    assert compared == 5 * 6 * 3
    # Two printed deltas disagree with their own row by 0.1 (the table's README names them).
    assert off == [("qwen1.5b", "grpo", "safetybench"), ("qwen1.5b", "tms", "arc_c")]


def test_the_papers_signs(grid, few_resamples):
    """Transfer and forgetting are signed as the CSV has them: negative is worse."""
    for line in grid:
        if line["method"] != "base":
            assert float(line["xfer"]) < 0
    base, sft = of_paper(grid[0]), of_paper(grid[1])
    found = values(base, {("math", 0): sft}, Suite(["math"], PAPER_RETENTION))
    assert 100 * found["forgetting"] == pytest.approx((-24.6 - 23.7 - 3.7) / 3)


def test_a_row_that_was_lost_does_not_count_for_its_run_and_leaves_the_others_as_they_are(few_resamples):
    names = tuple("0123456789")
    right = np.array([1.0] * 6 + [0.0] * 4)
    short = PerExample("facts", names[1:], right[1:], np.ones(9), frozenset("0"))
    whole = {name: PerExample(name, names, right, np.ones(10)) for name in SUITE.benchmarks}
    runs = {("countdown", 0): whole | {"facts": short}, ("chain", 0): whole}
    found = summarise(whole, {"tms": runs}, SUITE)[""]
    assert found[BASE].value("facts") == 0.6
    assert found["tms"].value("facts") == pytest.approx((5 / 9 + 6 / 10) / 2)
    single = summarise(whole, {"tms": runs}, SUITE, tasks=["countdown"])["countdown"]
    assert difference(single["tms"], single[BASE], "facts").p_value > 0.05  # no McNemar of unequal examples
    assert summarise(whole, {"tms": runs}, SUITE, half=HALVES[0])[""]["tms"].seeds == 1
