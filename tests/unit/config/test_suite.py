"""Suites: benchmarks with and without a score, and configurations with neither retention nor scores."""

import copy

import pytest
from helpers.shipped_config import SHIPPED
from hypothesis import given
from hypothesis import strategies as st

from tms.config import check, study
from tms.config.stages import experiments, tables
from tms.config.suite import PARTS, Suite
from tms.io.errors import InputError
from tms.metrics.quantities import kept, quantities


@st.composite
def suites(draw):
    """Suites with benchmarks t0, r0 …, some of them without a score."""
    count = {part: draw(st.integers(part == "targets", 3)) for part in PARTS}
    parts = {part: [f"{part[0]}{i}" for i in range(count[part])] for part in PARTS if part != "reported"}
    views = {f"v{i}": draw(st.sampled_from(parts["targets"])) for i in range(count["views"])}
    parts |= {"views": views, "reported": [f"x{i}" for i in range(count["reported"])]}
    names = [name for part in parts.values() for name in part]
    return Suite(**parts, unscored=draw(st.lists(st.sampled_from(names), unique=True)))


@given(suites())
def test_benchmarks_without_a_score_enter_no_quantity(suite):
    scored = suite.scored
    assert scored.benchmarks == [name for name in suite.benchmarks if name not in suite.unscored]
    assert scored.scored == scored
    for task in ("", *suite.targets):
        behind = quantities(suite, task)
        assert not {name for names in behind.values() for name in names} & set(suite.unscored)
        assert not set(behind) & set(suite.unscored)
    assert set(kept(suite)[""]) <= set(suite.retention)
    for name in scored.benchmarks:
        for task in suite.targets:
            assert scored.group(name, task) == suite.group(name, task)


def acme(parts: dict, graders: dict[str, str] | None = None) -> dict:
    """The shipped configuration with a suite of its own for `tiny`, and other graders."""
    changed = copy.deepcopy(SHIPPED)
    changed["suites"]["acme"] = parts
    changed["models"]["tiny"] |= {"suite": "acme", "experiments": ["main"]}
    for task, grader in (graders or {}).items():
        changed["tasks"][task]["grader"] = grader
    return changed


@pytest.mark.parametrize("parts", [{"targets": ["chain"]}, {"targets": ["chain"], "retention": []}])
def test_a_suite_needs_no_retention(parts):
    config = acme(parts | {"general": True})
    assert check.check(config, ["tiny"]) == []
    assert tables.suite_flags(config, "tiny") == {
        **{"targets": ["chain"], "retention": None, "views": None, "safety": None, "reported": None},
        "general": [],
    }


def test_long_runs_need_no_score():
    config = acme({"targets": ["chain"]}, {"chain": "none"})
    config["experiments"]["main"] = ["sft", "tms"]
    config["models"]["tiny"]["experiments"] = ["main", "mismatch"]
    assert check.check(config, ["tiny"]) == []
    assert experiments.mismatch_flags(config, "tiny").startswith(
        "--model tiny --drifts sft_long/chain/seed0="
    )


@pytest.mark.parametrize("experiment", ["windows", "frontier"])
def test_experiments_about_forgetting_need_retention(experiment):
    config = acme({"targets": ["chain"]})
    config["models"]["tiny"]["experiments"].append(experiment)
    with pytest.raises(InputError) as refused:
        check.check(config, ["tiny"])
    assert str(refused.value).splitlines()[0] == (
        f"config: models.tiny.experiments: {experiment} is about forgetting, and no retention benchmark of "
        f"its suite has a score; take {experiment} out, or add one"
    )


def test_a_grader_none_makes_a_benchmark_unscored():
    parts = {"targets": ["chain"], "retention": ["facts"], "general": True}
    config = acme(parts, {"chain": "none"})
    suite = study.suite(config, "tiny")
    assert (suite.unscored, suite.general) == (["chain"], True)
    assert study.suite_entry(acme(parts), "tiny") == parts
    assert tables.suite_flags(config, "tiny")["unscored"] == ["chain"]
    flags = experiments.theorem61_flags(config, "tiny")
    assert flags.endswith("--graders facts=facts --unscored chain general")


def test_the_name_of_the_general_prompts_is_no_tasks():
    config = acme({"targets": ["chain"]})
    config["tasks"]["general"] = config["tasks"]["facts"]
    with pytest.raises(InputError, match=r"tasks\.general: tables have a column of that name"):
        check.check(config, ["tiny"])
