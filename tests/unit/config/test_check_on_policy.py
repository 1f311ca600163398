"""On-policy methods in a configuration: their teachers, graders, flags and modules."""

import shutil

import pytest
from helpers.shipped_config import SHIPPED

from tms.config.check import check
from tms.config.run_folder import Run
from tms.config.run_settings import run_settings
from tms.config.stages import train
from tms.io.errors import InputError
from tms.model_card.settings import answers_text, setting_rows

TEACHER = "share of the policy that the teacher takes over at each step"


def config(teacher="tiny_teacher", methods=("sft", "sdft", "distill"), chain=None, **changes):
    """The miniature with these methods in its table, one target, and another teacher."""
    suite = SHIPPED["suites"]["miniature"] | {"targets": ["chain"]}
    tiny = SHIPPED["models"]["tiny"] | {"experiments": ["main"], "teacher": teacher}
    return SHIPPED | {
        "tasks": SHIPPED["tasks"] | {"chain": SHIPPED["tasks"]["chain"] | (chain or {})},
        "suites": SHIPPED["suites"] | {"miniature": suite},
        "experiments": SHIPPED["experiments"] | {"main": list(methods)},
        "models": {"tiny": tiny},
        "table": {"models": ["tiny"]},
        **changes,
    }


def faults(config):
    with pytest.raises(InputError) as caught:
        check(config)
    return str(caught.value).splitlines()


def test_distillation_needs_a_teacher_with_a_model():
    check(config())
    check(config("given", ["sft", "sdft"], chain={"grader": "number"}))
    (line,) = faults(config("given", chain={"grader": "number"}))
    assert line.startswith("config: models.tiny.teacher: distill learns from the distribution of a teacher's")
    assert "`given` has none; name an entry of teachers with a `model`" in line


def test_a_teacher_of_another_vocabulary_is_refused_before_any_work(tiny_model, tmp_path):
    folders = {"base": tiny_model, "same": tmp_path / "same", "other": tmp_path / "other"}
    for name in ("same", "other"):
        shutil.copytree(tiny_model, folders[name])
    file = folders["other"] / "tokenizer.json"
    file.write_text(file.read_text().replace('"z"', '"zz"'))
    teachers = {
        name: SHIPPED["teachers"]["tiny_teacher"] | {"model": str(folders[name])}
        for name in ("same", "other")
    }
    for teacher in ("same", "other"):
        changed = config(teacher, teachers=teachers)
        changed["models"]["tiny"]["base"] = str(tiny_model)
        if teacher == "same":
            check(changed)
            continue
        (line,) = faults(changed)
        assert "distill needs a teacher with the base's vocabulary" in line and "('z')" in line
    changed = config("other", ["sft", "sdft"], teachers=teachers)  # nobody asks for it
    changed["models"]["tiny"]["base"] = str(tiny_model)
    check(changed)


def test_without_rewards_no_grader_is_needed():
    check(config(chain={"grader": "none"}))
    flags = train.on_policy_flags(config(chain={"grader": "none"}), "tiny", "sdft", "chain", "0")
    assert "--grader" not in flags and "--teacher " not in flags


@pytest.mark.parametrize("template", ["{prompt}", "{reference}", "both"])
def test_a_template_needs_both_parts(template):
    changed = SHIPPED["on_policy"] | {"sdft_template": template}
    (line,) = faults(config(on_policy=changed))
    assert line.startswith("config: on_policy.sdft_template: ")
    assert line.endswith("must be a text with {prompt} and {reference} in it")


def test_flags_inputs_and_modules():
    chosen = config()
    sdft, distill, grpo = (
        train.on_policy_flags(SHIPPED if name == "grpo" else chosen, "tiny", name, "chain", "0")
        for name in ("sdft", "distill", "grpo")
    )
    assert " --samples 1 --divergence 0.0 --sdft-template '{prompt}\n\nThis is an example" in sdft
    assert " --teacher-average 0.01 " in sdft
    assert " --teacher models/tiny/teacher " in distill and " --divergence 1.0 " in distill
    assert not any(word in distill for word in ("--grader", "--sdft-template", "--teacher-average", "--beta"))
    assert " --grader chain " in grpo and "divergence" not in grpo and "teacher" not in grpo
    assert train.distilled_model(chosen, "tiny", "distill") == "models/tiny/teacher"
    assert train.distilled_model(chosen, "tiny", "sdft") == []
    assert train.on_policy_modules(chosen, "sdft", "chain") == ("tms.on_policy.sdft",)
    assert train.on_policy_modules(SHIPPED, "grpo", "chain") == ("tms.on_policy.grpo", "tms.graders.chain")


def test_a_run_shows_the_settings_that_it_reads(tmp_path):
    names = {
        method: {one.name for one in run_settings(config(), Run(tmp_path, "tiny", method, "chain", 0))}
        for method in ("sdft", "distill")
    }
    assert {"on_policy.divergence", "on_policy.sdft_template", "on_policy.teacher_average"} <= names["sdft"]
    assert "on_policy.divergence" in names["distill"] and "on_policy.sdft_template" not in names["distill"]
    for shown in names.values():
        assert not {"on_policy.beta", "on_policy.samples", "on_policy.equal_steps"} & shown


def test_a_model_card_says_what_was_learned_from_whom(tmp_path):
    runs = {method: Run(tmp_path, "tiny", method, "chain", 0) for method in ("sdft", "distill")}
    rows = dict(setting_rows(config(), runs["sdft"], 1, 1))
    assert (
        rows["what the teacher reads"].startswith("{prompt} / This is an example") and rows[TEACHER] == "0.01"
    )
    assert rows["answers sampled of a prompt and visit"] == "1"
    texts = {method: answers_text(config(), run, "chain") for method, run in runs.items()}
    assert texts["sdft"].startswith(
        "the model's own. The references, which the model reads in its prompt where"
    )
    assert "the distribution of their writer is learned at each token" in texts["distill"]
    assert not any("scored" in text for text in texts.values())


def test_a_model_card_tells_the_learning_rates_course(tmp_path):
    run = Run(tmp_path, "tiny", "sdft", "chain", 0)
    warmup = "warm-up, share of the steps"
    for budget, schedule in (("steps", "cosine"), ("tokens", "constant")):
        on_policy = SHIPPED["on_policy"] | {"budget": budget}
        rows = dict(setting_rows(config(on_policy=on_policy), run, 1, 1))
        assert rows["schedule"] == schedule and (warmup in rows) == (budget == "steps")
