"""Cells behind verdicts, and the answers that they give."""

from scipy.stats import norm

from tms.config.suite import Suite
from tms.experiments.cells import cell
from tms.report.cell_lookup import Reading
from tms.report.research_questions.contrasts import Contrast
from tms.report.research_questions.questions import answer

SUITE = Suite(
    targets=["chain", "count", "sort"],
    retention=["facts"],
    views={"chain5": "chain"},
    safety=["guard"],
    pilot="tools",
)


SMALL = Suite(targets=["chain"], retention=["facts"])


SUPPORTED, CONTRADICTED, INDISTINGUISHABLE = "supported", "contradicted", "indistinguishable"
INCONCLUSIVE = "inconclusive over seeds"


def measured(experiment, method, quantity, value, half=None, **others):
    """A cell with an interval of +- half around its value, of three seeds that agree.

    Without a width, a difference with a p-value has the interval that goes with it, others +- 0.01.
    """
    if half is None:
        p_value = others.get("p_value", 1)
        half = abs(value) * norm.ppf(0.975) / norm.isf(p_value / 2) if p_value < 1 else 0.01
    bounds = {"ci_low": value - half, "ci_high": value + half}
    bounds |= {"seeds": 3, "seeds_low": value, "seeds_high": value}
    return cell(experiment, others.pop("model", "m"), quantity, value, method=method, **(bounds | others))


def answered(name, cells, suite=SUITE):
    """The entry of a question in the answers."""
    return {entry["id"]: entry for entry in answer(cells, suite, "m")}[name]


def verdict(name, cells, suite=SUITE):
    """Verdict and evidence."""
    entry = answered(name, cells, suite)
    return entry["verdict"], entry["evidence"]


def rows(name, cells, suite=SUITE):
    """The differences behind a verdict, by their label."""
    return {row["label"]: row for row in answered(name, cells, suite)["differences"]}


def plane(method, target, forgetting, experiment="main", half=0.01, **others):
    return [
        measured(experiment, method, "target_mean", target, half, **others),
        measured(experiment, method, "forgetting", forgetting, half, **others),
    ]


def made(value, half, **others):
    """A difference with an interval of +- half around it over examples."""
    return Contrast.difference("", Reading(value, value - half, value + half, **others))


def versus(quantity, value, p_value):
    return measured("main", "tms", f"versus_sft.{quantity}", value, p_value=p_value)


def versus_tms(experiment, method, quantity, value, p_value, half=None):
    return measured(experiment, method, f"versus_tms.{quantity}", value, half, p_value=p_value)


def front(difference, p_value, **others):
    sides = [
        measured("frontier", side, "area", area, group=side, prompts="test", note="3 of 9 points selected")
        for side, area in (("tms", 0.2), ("sft", 0.1))
    ]
    others |= {"group": "sft", "prompts": "test", "p_value": p_value}
    return [*sides, measured("frontier", "tms", "area_difference", difference, **others)]


def without_seeds(cells):
    """The same numbers, from one seed."""
    return [one | {"seeds": 1, "seeds_low": None, "seeds_high": None} for one in cells]


def front_points(side, points):
    """Selected points of a front, as (target accuracy, F) on test."""
    cells = []
    for place, pair in enumerate(points):
        own = {"group": side, "checkpoint": f"{place}of9", "prompts": "test", "note": "selected"}
        cells += [
            measured("frontier", side, name, value, **own)
            for name, value in zip(("target_mean", "forgetting"), pair, strict=True)
        ]
    return cells


def difference(value, examples, seeds=None, number=3):
    """A difference with +- half widths over examples and over seeds; without the latter it has one seed."""
    bounds = {"seeds_low": value - seeds, "seeds_high": value + seeds, "seeds": number} if seeds else {}
    return Contrast.difference("", Reading(value, value - examples, value + examples, **bounds))
