"""Simulated studies: graded examples of made-up models, and the verdicts that the workflow gives on them.

A study is a model with its methods, test examples that all runs share, and runs whose true scores vary
between seeds. Its graded examples go through the workflow's own summaries, cells and rules.
"""

import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
from scipy.special import ndtri

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from tms.config.suite import Suite
from tms.experiments.cells import cell
from tms.experiments.frontier_cells import frontier_cells
from tms.experiments.windows import window_cells
from tms.metrics import per_example
from tms.metrics.per_example import PerExample
from tms.metrics.summary import difference, summarise
from tms.report.research_questions.questions import answer

SUITE = Suite(["chain"], ["facts", "lookup"], safety=["guard"])
EXAMPLES = {"chain": 500, "facts": 300, "lookup": 300, "guard": 300}
NAMES = {name: tuple(f"{i:03}" for i in range(n)) for name, n in EXAMPLES.items()}
BASE, TRAINED, EARLY = (0.4, 0.92), (0.75, 0.75), (0.65, 0.8)  # share right: on the target, on all others
# Points more than the others: where a verdict must not follow, and where one should.
EQUAL = {"grpo": (2, 0)}  # TMS lies at RQ3's margin
BETTER = {"tms": (4, 4), "grpo": (4, 4), "tms_mid": (4, 8), "tms_trsft": (8, 8)}
WORLDS = {"equal": EQUAL, "better": BETTER}
METHODS = ["sft", "tms", "grpo", "trsft", "tms_trsft", "tms_theta0", "tms_final", "tms_t2", "tms_t12"]
WINDOWS = ["tms_mid", "tms"]
PLANE = ["target_mean", "forgetting"]
# (experiment, method, baseline, quantities) of the differences that verdicts look up; RQ7 takes the first.
COMPARED = [
    ("main", "tms", "sft", PLANE),
    ("main", "tms", "sft", ["chain", "guard"]),
    ("main", "grpo", "tms", PLANE),
    ("main", "tms_trsft", "tms", PLANE),
    ("main", "tms_trsft", "trsft", PLANE),
    ("mixture", "tms_theta0", "tms", PLANE),
    ("mixture", "tms_final", "tms", PLANE),
    ("checkpoints", "tms_t2", "tms", ["target_mean"]),
    ("checkpoints", "tms_t12", "tms", ["target_mean"]),
]
SIZES = {"tms_t2": 2.0, "tms": 10.0, "tms_t12": 12.0}
QUESTIONS = ["Frontier", "RQ1", "RQ2", "RQ3", "RQ4", "RQ7", "RQ8", "RQ9", "RQ10", "TrSFT"]
RESAMPLES = 1_000
ALONE = "RQ2, examples alone"


@cache
def counts(n: int, stream: str) -> np.ndarray:
    """How often each of n examples is drawn in each resample: as the workflow draws them, in every study."""
    generator = np.random.default_rng([0, *stream.encode()])
    drawn_RN = generator.integers(n, size=(RESAMPLES, n)) + n * np.arange(RESAMPLES)[:, None]
    return np.bincount(drawn_RN.ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n).astype(float)


def resampled_means(scores: list[list[float]], stream: str = "") -> np.ndarray:
    """`tms.metrics.statistics.resampled_means` with draws that are kept."""
    scores_MN = np.asarray(scores, dtype=float)
    return scores_MN @ counts(scores_MN.shape[1], stream).T / scores_MN.shape[1]


class Study:
    """Graded examples of one model.

    Args:
        generator: what draws them.
        points: share right of each (method, checkpoint), on the target and on the others.
        seeds: number of runs of each method.
        spread: deviation of a run's true share, on the target and on all others alike.
    """

    def __init__(self, generator, points: dict, seeds: int, spread: float):
        self.generator = generator
        self.ease = {name: generator.normal(size=n) for name, n in EXAMPLES.items()}
        shifts = {
            (method, seed): generator.normal(0, spread, size=2)
            for method, _ in points
            for seed in range(seeds)
        }
        self.base = self.graded(*BASE)
        self.runs = {
            point: {
                ("chain", seed): self.graded(*np.add(shares, shifts[point[0], seed])) for seed in range(seeds)
            }
            for point, shares in points.items()
        }

    def graded(self, target: float, others: float) -> dict[str, PerExample]:
        """Items of a model: an example is right where its ease and chance are above the model's level."""
        model = {}
        for name, ease_N in self.ease.items():
            level = np.sqrt(2) * ndtri(np.clip(target if name == "chain" else others, 0.01, 0.99))
            right_N = (level + ease_N + self.generator.normal(size=len(ease_N)) > 0).astype(float)
            model[name] = PerExample(name, NAMES[name], right_N, np.ones(len(ease_N)))
        return model


def points_of(world: dict) -> dict:
    """Share right of each (method, checkpoint); early checkpoints of the frontier and the windows too."""
    names = dict.fromkeys([*METHODS, *WINDOWS])
    points = {(name, ""): np.add(TRAINED, np.divide(world.get(name, (0, 0)), 100)) for name in names}
    for name in ("sft", *WINDOWS):
        points[name, "1of2"] = np.add(EARLY, np.divide(world.get(name, (0, 0)), 100))
    return points


def compared(study: Study, model: str, comparisons: list[tuple]) -> list[dict]:
    """Cells of methods at the end of their runs, and of the differences between them."""
    named = {name for _, *pair, _ in comparisons for name in pair}
    methods = {name: runs for (name, end), runs in study.runs.items() if not end and name in named}
    summaries = summarise(study.base, methods, SUITE)[""]
    cells = []
    for method in methods:
        for experiment in ("main", *(["checkpoints"] if method in SIZES else [])):
            shown = {"method": method, "x": SIZES.get(method)}
            for name in PLANE:
                cells.append(cell(experiment, model, name, summaries[method].value(name), **shown))
    for experiment, method, other, quantities in comparisons:
        for name in quantities:
            found = difference(summaries[method], summaries[other], name, test=False)
            numbers = found.columns() | {"method": method, "seeds": summaries[method].seeds}
            cells.append(cell(experiment, model, f"versus_{other}.{name}", **numbers))
    return cells


def fronts(study: Study, model: str) -> list[dict]:
    """Cells of the frontier control and of the windows."""
    ends = ("", "1of2")
    sides = {(name, end): study.runs[name, end] for name in ("sft", "tms") for end in ends}
    windows = {(name, end): study.runs[name, end] for name in WINDOWS for end in ends}
    kinds = {"sft": "sft", "tms": "tms"}
    cells = frontier_cells(model, study.base, sides, kinds, SUITE, (0.0, -0.3))
    return cells + window_cells(model, study.base, windows, WINDOWS, "tms", SUITE)


def block(world: str, seeds: int, spread: float, number: int, studies: int) -> dict[str, int]:
    """How often each question had each verdict in some studies."""
    generator = np.random.default_rng([sorted(WORLDS).index(world), seeds, round(10 * spread), number])
    points, found = points_of(WORLDS[world]), Counter()
    pair = {point: points[point] for point in (("sft", ""), ("tms", ""))}
    for _ in range(studies):
        study = Study(generator, points, seeds, spread / 100)
        larger = Study(generator, pair, seeds, spread / 100)
        cells = compared(study, "m", COMPARED) + fronts(study, "m") + compared(larger, "large", COMPARED[:1])
        found.update(f"{entry['id']}: {entry['verdict']}" for entry in answer(cells, SUITE, "m"))
        (one,) = (
            c
            for c in cells
            if (c["model"], c["experiment"], c["quantity"]) == ("m", "main", "versus_sft.forgetting")
        )
        found[f"{ALONE}: supported"] += one["ci_low"] > 0
        found[f"{ALONE}: contradicted"] += one["ci_high"] < 0
    return {word: int(count) for word, count in found.items()} | {"studies": studies}


def begin() -> None:
    """Prepare a process: draws and halves are kept, so that a study takes a twentieth of a second."""
    per_example.resampled_means, per_example.half_of = resampled_means, cache(per_example.half_of)
