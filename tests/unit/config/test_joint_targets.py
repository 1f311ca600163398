"""Several tasks in one run: what a target `{mix: [a, b]}` becomes, and one that cannot work."""

import copy
from pathlib import Path

import pytest
import yaml
from helpers.paths import CONFIG

from tms.config import study
from tms.config.check import check
from tms.config.joint_targets import own_tasks, with_joint_targets
from tms.config.suite import Suite
from tms.io.errors import InputError

SHIPPED = yaml.safe_load(Path(CONFIG, "config.yaml").read_text())


def mix(*names):
    return {"mix": list(names)}


def config(*targets, **suite):
    """The shipped configuration, expanded, with a suite of these targets for the model tiny."""
    chosen = copy.deepcopy(SHIPPED)
    chosen["suites"]["joint"] = {"targets": list(targets), "retention": ["facts"]} | suite
    chosen["models"]["tiny"] |= {"suite": "joint", "experiments": ["main"]}
    return study.expanded(chosen)


def faults(*targets, **suite):
    with pytest.raises(InputError) as refused:
        check(config(*targets, **suite), ["tiny"])
    return str(refused.value).splitlines()


def test_a_mix_becomes_a_target_with_an_entry_of_its_own():
    chosen = config(mix("mini_countdown", "chain"))
    assert chosen["suites"]["joint"]["targets"] == ["mini_countdown+chain"]
    assert chosen["tasks"]["mini_countdown+chain"] == {
        "mix": ["mini_countdown", "chain"],
        "train": 4096,
        "heldout": 512,
        "max_new_tokens": 96,
    }
    assert study.runs(chosen, "tiny") == [("mini_countdown+chain", 0)]
    assert check(chosen, ["tiny"]) == []


def test_its_limit_is_the_largest_of_its_tasks():
    chosen = copy.deepcopy(SHIPPED)
    chosen["tasks"]["chain"]["max_new_tokens"] = 128
    chosen["suites"]["joint"] = {"targets": [mix("mini_countdown", "chain")], "retention": ["facts"]}
    assert study.expanded(chosen)["tasks"]["mini_countdown+chain"]["max_new_tokens"] == 128


def test_the_shipped_configuration_stays_as_it_is():
    assert study.expanded(SHIPPED)["tasks"] == SHIPPED["tasks"]
    assert study.expanded(SHIPPED)["suites"] == SHIPPED["suites"]
    assert own_tasks(study.expanded(SHIPPED)) == list(SHIPPED["tasks"])


def test_expanding_twice_changes_nothing():
    chosen = config(mix("mini_countdown", "chain"))
    assert with_joint_targets(chosen) == chosen
    assert "mini_countdown+chain" not in own_tasks(chosen)


def test_parts_are_the_columns_and_the_targets_of_the_joint_runs():
    suite = Suite(**config("gsm8k", mix("mini_countdown", "chain"))["suites"]["joint"])
    assert suite.targets == ["gsm8k", "mini_countdown+chain"]
    assert suite.target_tasks == ["gsm8k", "mini_countdown", "chain"]
    assert suite.benchmarks == ["gsm8k", "mini_countdown", "chain", "facts"]
    assert suite.columns[:4] == ["gsm8k", "mini_countdown", "chain", "xfer"]
    groups = [suite.group(name, "mini_countdown+chain") for name in suite.benchmarks]
    assert groups == ["transfer", "target", "target", "retention"]
    assert [suite.group(name, "gsm8k") for name in ("gsm8k", "chain")] == ["target", "transfer"]


def test_a_view_belongs_to_a_task_of_a_mix():
    chosen = config(mix("math", "gsm8k"), views={"math500": "math"})
    suite = Suite(**chosen["suites"]["joint"])
    assert suite.group("math500", "math+gsm8k") == "target"
    assert check(chosen, []) == []


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (
            [mix("chain", "mini_countdwn")],
            "targets.mix: unknown name 'mini_countdwn'; did you mean mini_countdown?",
        ),
        ([mix("chain", "chain")], "targets: {mix: [chain, chain]} names chain twice; name each task once"),
        ([mix("chain")], "targets: {mix: [chain]} is no mix; name two tasks or more, or write one by itself"),
        ([mix()], "targets: {mix: []} is no mix; name two tasks or more, or write one by itself"),
        ([mix("chain", mix("math", "gsm8k"))], "targets.0.mix.1: {'mix': ['math', 'gsm8k']} must be text"),
        ([{"mix": "chain"}], "targets.0.mix: 'chain' must be a list"),
        ([{"mix": ["math", "chain"], "weights": [1, 2]}], "unknown key suites.joint.targets.0.weights"),
        (["chain+math"], "targets: unknown name 'chain+math'; write {mix: [chain, math]}"),
        (["chain", mix("chain", "math")], "targets: chain is in two of them; keep one"),
        ([mix("chain", "math"), mix("gsm8k", "math")], "targets: math is in two of them; keep one"),
        ([mix("chain", "facts")], "tasks.facts.train is missing"),
        ([3], "targets.0: 3 must be text or a mapping"),
    ],
)
def test_a_mix_that_cannot_work_is_one_line(targets, said):
    lines = faults(*targets)
    assert any(said in line for line in lines), lines
    assert all(line.startswith("config: ") for line in lines)
    if said.startswith("targets"):
        assert len(lines) == 1


def test_settings_of_a_task_s_own_runs_are_told():
    chosen = config(mix("mini_countdown", "chain"))
    chosen["tasks"]["chain"]["training"] = {"learning_rate": 1.0e-3}
    assert check(chosen, ["tiny"]) == [
        "tasks.chain.training holds for runs on chain alone, not for those on mini_countdown+chain"
    ]
    rate = study.section(chosen, "training", "tiny", "sft", "mini_countdown+chain")["learning_rate"]
    assert rate == chosen["models"]["tiny"]["training"]["learning_rate"]


def test_a_task_has_no_plus_in_its_name():
    chosen = copy.deepcopy(SHIPPED)
    chosen["tasks"]["chain+math"] = SHIPPED["tasks"]["chain"]
    with pytest.raises(InputError, match=r"config: tasks\.chain\+math: names are folders"):
        check(study.expanded(chosen), [])


def test_a_written_entry_is_not_taken_for_a_mix():
    chosen = copy.deepcopy(SHIPPED)
    chosen["tasks"]["chain+math"] = {"mix": ["chain", "math"], "train": "lots"}
    chosen["suites"]["joint"] = {"targets": [mix("chain", "math")], "retention": ["facts"]}
    with pytest.raises(InputError, match=r"config: tasks\.chain\+math: names are folders"):
        check(study.expanded(chosen), [])


def test_names_that_make_a_folder_too_long():
    chosen = copy.deepcopy(SHIPPED)
    for letter in "ab":
        chosen["tasks"][letter * 60] = SHIPPED["tasks"]["chain"]
    chosen["suites"]["joint"] = {"targets": [mix("a" * 60, "b" * 60)], "retention": ["facts"]}
    with pytest.raises(InputError, match="more than 100 letters; mix fewer tasks"):
        check(study.expanded(chosen), [])


@pytest.mark.parametrize(
    "broken", [{"tasks": None}, {"suites": []}, {"suites": {"x": 3}}, {"suites": {"x": {"targets": 1}}}]
)
def test_a_broken_configuration_is_left_to_the_check(broken):
    study.expanded(SHIPPED | broken)
