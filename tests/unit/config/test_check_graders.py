"""Work that a task's grader cannot do is a fault before any job, where it is asked for."""

import pytest
from helpers.shipped_config import SHIPPED

from tms.config import check_graders
from tms.config.check import check
from tms.config.faults import Faults
from tms.io.errors import InputError

MINIATURE = SHIPPED["models"]["tiny"]


def config(grader="chain", main=("sft", "tms"), **changes):
    """The miniature with another grader of its target chain, and with these methods in its table."""
    chain = SHIPPED["tasks"]["chain"] | {"grader": grader} | changes.pop("task", {})
    suite = SHIPPED["suites"]["miniature"] | {"targets": ["chain"]}
    return SHIPPED | {
        "tasks": SHIPPED["tasks"] | {"chain": chain},
        "suites": SHIPPED["suites"] | {"miniature": suite},
        "experiments": SHIPPED["experiments"] | {"main": list(main)},
        "models": {"tiny": MINIATURE | {"experiments": ["main"]}},
        "table": {"models": ["tiny"]},
        **changes,
    }


def faults(config, asked=None):
    with pytest.raises(InputError) as caught:
        check(config, asked)
    return str(caught.value).splitlines()


JUDGE = {"model": "models/hub/wildguard", "max_new_tokens": 8}
KINDS = {"agree": "agreement", "tools": "toolalpaca"}
AGREE = {"judges": SHIPPED["judges"] | {name: JUDGE | {"kind": kind} for name, kind in KINDS.items()}}


@pytest.mark.parametrize("grader", ["none", "judge"])
def test_on_policy_methods_need_a_grader_that_scores_completions(grader):
    judged = {"task": {"judge": "agree"}} | AGREE if grader == "judge" else {}
    (line,) = faults(config(grader, ["sft", "grpo", "reinforce"], **judged))
    assert line.startswith("config: models.tiny: grpo, reinforce learn from a grader's scores")
    assert f"grader {grader} of tasks.chain gives none" in line


def test_likelihood_asks_without_images():
    task = {"kind": "textvqa", "grader": "choice", "scoring": "likelihood"}
    found = Faults()
    check_graders.check_task({"tasks": {"seen": task}}, "seen", found)
    (line,) = found
    assert line.startswith("config: tasks.seen.scoring: likelihood asks in plain text, without the images")
    found = Faults()
    check_graders.check_task({"tasks": {"seen": task | {"kind": "arc"}}}, "seen", found)
    assert not found


def test_only_where_the_method_is_asked_for():
    changed = config("none", ["sft", "tms", "grpo"])
    assert check(changed, {"tiny": ["sft", "tms"]}) == check(changed, {"tiny": []})
    assert "grpo learn from" in faults(changed, {"tiny": ["grpo"]})[0]
    check(config("none"))  # reinforce and others, which no experiment names, are not asked for


@pytest.mark.parametrize("grader", ["f1", "rouge", "vqa", "anls", "exact", "number"])
def test_on_policy_methods_learn_from_any_score(grader):
    check(config(grader, ["sft", "grpo"]))


@pytest.mark.parametrize("grader", ["none", "f1", "rouge", "vqa", "anls"])
def test_only_a_grader_that_tells_right_from_wrong_can_keep_correct_ones(grader):
    harvest = {"harvest": SHIPPED["harvest"] | {"keep": "correct"}}
    (line,) = faults(config(grader, **harvest))
    assert line.startswith("config: harvest.keep of tms, models.tiny: correct keeps what the grader accepts")
    assert f"grader {grader} of tasks.chain" in line and line.endswith("write keep: all")
    check(config("exact", **harvest))


@pytest.mark.parametrize(
    ("grader", "judge", "words"),
    [
        ("judge", None, "grader judge needs a judge; name an entry of judges"),
        ("exact", "agree", "grader exact has no use for a judge"),
        ("judge", "wildguard", "wildguard is of kind wildguard, which grader judge cannot read"),
        ("wildguard", "agree", "agree is of kind agreement, which grader wildguard cannot read"),
        (
            "judge",
            "tools",
            "tools is of kind toolalpaca, which grader judge cannot read; grader toolalpaca_judge",
        ),
        ("toolalpaca_judge", "wildguard", "grader toolalpaca_judge cannot read; grader wildguard reads it"),
        ("toolalpaca", "tools", "grader toolalpaca has no use for a judge"),
    ],
)
def test_a_judge_and_its_reader_fit(grader, judge, words):
    (line,) = faults(config(grader, task={"judge": judge} if judge else {}, **AGREE))
    assert line.startswith("config: tasks.chain.judge: ") and words in line


def test_a_judged_target_works_but_for_diversity():
    judged = config("judge", task={"judge": "agree"}, **AGREE)
    check(judged)
    models = {"tiny": MINIATURE | {"experiments": ["main", "diversity"]}}
    experiments = judged["experiments"] | {"diversity": ["sft"]}
    (line,) = faults(judged | {"models": models, "experiments": experiments})
    assert line.startswith("config: models.tiny.experiments: diversity grades many samples of a prompt")
