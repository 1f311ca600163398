"""Replay in the configuration: what its prompts may be, which methods have it, and their flags and inputs."""

import copy

import pytest
from helpers.shipped_config import SHIPPED

from tms.config import check, study
from tms.config.recipes import recipes
from tms.config.run_folder import parse_run
from tms.config.run_settings import run_settings
from tms.config.stages import general, mixture, tables, train
from tms.io.errors import InputError
from tms.io.made_by import RESOURCES

RUN = ("chain", "0")


@pytest.fixture
def config():
    changed = copy.deepcopy(SHIPPED)
    changed["methods"] |= {
        "replay_50": {"kind": "replay", "replay": {"share": 0.5}},
        "tms_replay": {"kind": "tms", "replay": {}},
    }
    changed["experiments"]["main"] += ["replay", "replay_50", "tms_replay"]
    return changed


def lines(config, models=("tiny",)):
    with pytest.raises(InputError) as error:
        check.check(config, list(models))
    return str(error.value).splitlines()


def test_the_shipped_models_are_sound(config):
    check.check(SHIPPED, ["tiny", "smollm2"])
    check.check(config, ["tiny", "smollm2"])


def test_without_prompts_such_methods_are_refused_in_one_line_that_says_how(config):
    del config["models"]["tiny"]["replay"]
    (line,) = lines(config)
    assert line.startswith("config: models.tiny: replay, replay_50, tms_replay replays general prompts, and ")
    assert "docs/own_data.md" in line and "models.tiny.replay: {task: prompts}" in line
    check.check(config, {"tiny": ["sft", "tms"]})  # they cost those who do not ask for them nothing


@pytest.mark.parametrize("task", ["chain", "facts"])
def test_what_a_run_is_measured_on_is_not_trained_on(config, task):
    config["models"]["tiny"]["replay"]["task"] = task
    found = lines(config)
    assert any(
        f"replay.task of models.tiny: {task} is a benchmark of suites.miniature, and what" in line
        for line in found
    )


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("random_wrds", "unknown name 'random_wrds'; did you mean random_words?"),
        ("arc_c", "tasks.arc_c.train is missing"),
        (3, "models.tiny.replay.task: 3 must be text or null"),
    ],
)
def test_other_tasks(config, task, message):
    config["models"]["tiny"]["replay"]["task"] = task
    assert any(message in line for line in lines(config))


@pytest.mark.parametrize(
    ("share", "message"), [(0, "must be more than 0"), (1, "must be less than 1"), ("x", "must be a number")]
)
def test_shares(config, share, message):
    config["methods"]["replay_50"]["replay"]["share"] = share
    assert any(f"methods.replay_50.replay.share: {share!r} {message}" in line for line in lines(config))


def test_files_of_prompts_have_to_be_there(config):
    config["tasks"]["mine"] = config["tasks"]["general_prompts"] | {"options": {"files": "no.jsonl"}}
    config["models"]["tiny"]["replay"]["task"] = "mine"
    assert any("tasks.mine.options.files: no file no.jsonl" in line for line in lines(config))


@pytest.mark.parametrize("kind", ["grpo", "average"])
def test_methods_on_no_rows_have_none(config, kind):
    config["methods"]["other"] = {"kind": kind, "replay": {"share": 0.5}}
    assert any(f"methods.other.replay: kind {kind} reads no such section" in line for line in lines(config))


def test_flags_and_inputs(config):
    file = "results/tiny/general/random_words.parquet"
    for method, share in (("replay", 0.25), ("replay_50", 0.5), ("tms_replay", 0.25)):
        assert general.answers(config, "tiny", method) == [file]
        flags = train.row_flags(config, "tiny", method, *RUN)
        assert f"--general {file} --replay-share {share}" in flags
        # All else is as without.
        other = train.row_flags(config, "tiny", "tms" if method == "tms_replay" else "trsft", *RUN)
        rest = flags.replace(f" --general {file} --replay-share {share}", "")
        assert set(rest.split()) <= set(other.split()) | {"--save-points", "1of1", "2of5", "7of10"}
    assert "general" not in train.row_flags(config, "tiny", "tms", *RUN)
    assert not {"--general", "--replay-share"} & RESOURCES
    assert general.answer_flags(config, "tiny", "random_words").startswith(
        "--task random_words --max-new-tokens 96 --temperature 1.0 --top-p 1.0 --seed 0 --engine"
    )


def test_a_student_that_replays_has_the_plan_of_one_that_does_not(config):
    plans = {mixture.plan_flags(config, "tiny", method, *RUN) for method in ("tms", "tms_replay")}
    assert len(plans) == 1


def test_the_answers_are_in_the_cost_of_every_run_that_needs_them(config):
    config["methods"]["tms_of_it"] = {"kind": "tms", "tms": {"trajectory": "replay"}}
    config["methods"]["average_of_it"] = {"kind": "average", "average": {"of": "replay", "share": 0.5}}
    for method in ("replay", "tms_replay", "tms_of_it", "average_of_it"):
        costs = tables.run_costs(config, "tiny", method, "chain", 0)
        assert costs["general-random_words"] == "results/tiny/general/random_words.cost.json", method
    assert "general-random_words" not in tables.run_costs(config, "tiny", "tms", "chain", 0)


def test_settings_and_recipes(config, tmp_path):
    folder = "results/tiny/{}/chain/seed0"
    run = parse_run(type(tmp_path)(folder.format("replay_50")), config)
    told = {setting.name: setting.value for setting in run_settings(config, run)}
    assert (told["replay.share"], told["replay.task"]) == (0.5, "random_words")
    run = parse_run(type(tmp_path)(folder.format("tms")), config)
    assert not [setting for setting in run_settings(config, run) if setting.name.startswith("replay")]
    found = recipes(config, "tiny", ["sft", "replay", "replay_50", "tms", "tms_replay"])
    assert found == {name: name for name in found} | {"replay_50": "replay"}
    assert study.general_tasks(config, "tiny") == ["random_words"]
    assert study.general_tasks(SHIPPED, "tiny") == []


def test_a_kl_on_general_prompts_takes_their_share_of_the_visits(config):
    config["methods"]["tms_kl_general"] = {
        "kind": "tms",
        "tms": {"loss": "kl"},
        "training": {"kl_prompts": "general"},
        "replay": {"share": 0.5},
    }
    for method, share in (("kl_general", 0.25), ("tms_kl_general", 0.5)):
        flags = train.row_flags(config, "tiny", method, *RUN)
        assert f"--general results/tiny/general/random_words.parquet --replay-share {share}" in flags
        assert "--kl-prompts general" in flags
    assert "--general" not in train.row_flags(config, "tiny", "kl_sft", *RUN)
    # Of methods without that loss the setting says nothing.
    config["training"]["kl_prompts"] = "general"
    assert study.replay(config, "tiny", "sft") is None and study.replay(config, "tiny", "grpo") is None
    assert study.replay(config, "tiny", "kl_sft")
