"""The settings of a run: the values that the rules use, and the places and files that set them."""

import copy
from pathlib import Path

import pytest
import yaml
from helpers.paths import CONFIG

from tms.config import study
from tms.config.load import merged
from tms.config.run_folder import Run, configfiles_of
from tms.config.run_settings import check_run, file_of, run_settings
from tms.io.errors import InputError

SHIPPED = yaml.safe_load((CONFIG / "config.yaml").read_text())
BASE, MORE = Path("config/config.yaml"), Path("more.yaml")
TASK = {"training": {"warmup": 0.1, "epochs": 3}, "on_policy": {"top_p": 0.8}}
LAID_OVER = {
    "training": {"warmup": 0.2, "weight_decay": 0.3},
    "models": {"tiny": {"training": {"epochs": 4}, "engine": "vllm"}},
    "tasks": {"chain": TASK},
    "methods": {"grpo": {"training": {"epochs": 5}}},
}
CONTENTS = {BASE: SHIPPED, MORE: LAID_OVER}
OVERLAID = merged(CONTENTS)


def run(method, model="tiny", task="chain", seed=0):
    return Run(Path(f"results/{model}/{method}/{task}/seed{seed}"), model, method, task, seed)


def table(config, contents, a_run):
    """Name -> value, place and file of each setting of a run."""
    settings = run_settings(config, a_run)
    assert len({setting.name for setting in settings}) == len(settings)
    return {setting.name: (setting.value, setting.place, file_of(setting, contents)) for setting in settings}


def test_a_study_of_a_shipped_model_holds_for_no_other_run_of_it(monkeypatch, tmp_path):
    """config/smollm2.yaml is not taken by its name, as a file of `make new` is, but where it is named."""
    monkeypatch.chdir(CONFIG.parent)
    real, study_file = run("tms", "smollm2", "toolcall").folder, Path("config/smollm2.yaml")
    assert study_file.is_file()
    assert configfiles_of(real, []) == []
    assert configfiles_of(real, [study_file]) == [study_file]
    (tmp_path / "config").mkdir()
    for name in ("config", "acme"):
        (tmp_path / "config" / f"{name}.yaml").write_text("models: {}")
    monkeypatch.chdir(tmp_path)
    assert configfiles_of(run("tms", "acme").folder, []) == [Path("config/acme.yaml")]


def test_an_average_shows_the_settings_of_its_run():
    found = table(OVERLAID, CONTENTS, run("average_50"))
    assert found["method.average"][0] == {"of": "sft", "share": 0.5}
    assert found["training.checkpoints"][1] == "methods.sft.training"
    own = {name for name in found if name.partition(".")[0] in ("training", "tms", "harvest", "on_policy")}
    assert own == {name for name in table(OVERLAID, CONTENTS, run("sft")) if name in own}
    methods = OVERLAID["methods"] | {"half": {"kind": "average", "average": {"of": "grpo", "share": 0.5}}}
    found = table(OVERLAID | {"methods": methods}, CONTENTS, run("half"))
    assert found["training.epochs"] == (5, "methods.grpo.training", "more.yaml")
    assert "on_policy.beta" in found and "training.learning_rate" not in found


def test_each_layer_and_file():
    found = table(OVERLAID, CONTENTS, run("grpo"))
    assert found["training.weight_decay"] == (0.3, "training", "more.yaml")
    assert found["training.adam_beta1"] == (0.9, "training", "config/config.yaml")
    assert found["training.device_batch"] == (16, "models.tiny.training", "config/config.yaml")
    assert found["training.warmup"] == (0.1, "tasks.chain.training", "more.yaml")
    assert found["training.epochs"] == (5, "methods.grpo.training", "more.yaml")
    assert found["on_policy.top_p"] == (0.8, "tasks.chain.on_policy", "more.yaml")
    assert found["on_policy.learning_rate"] == (
        0.001,
        "models.tiny.methods.grpo.on_policy",
        "config/config.yaml",
    )
    assert found["diagnose.diversity.k"] == (100, "diagnose.diversity", "config/config.yaml")
    assert found["diagnose.diversity.prompts"][1] == "models.tiny.diagnose.diversity"
    assert found["engine"] == ("vllm", "models.tiny", "more.yaml")
    assert found["teacher.tries"] == (2, "teachers.tiny_teacher", "config/config.yaml")
    assert found["seed"] == (0, "models.tiny", "config/config.yaml")
    assert table(OVERLAID, CONTENTS, run("grpo", seed=7))["seed"] == (7, "--run", "")


@pytest.mark.parametrize("method", SHIPPED["methods"])
@pytest.mark.parametrize(("model", "task"), [("tiny", "chain"), ("qwen1.5b", "math")])
def test_values_are_those_that_the_rules_use(method, model, task):
    for setting in run_settings(OVERLAID, run(method, model, task)):
        section, _, key = setting.name.partition(".")
        if section in ("training", "tms", "harvest", "on_policy"):
            assert setting.value == study.section(OVERLAID, section, model, method, task)[key]
        if section == "drift":
            assert setting.value == study.drift(OVERLAID, model)[key]
        if section == "diagnose":
            name, _, key = key.partition(".")
            assert setting.value == study.diagnose(OVERLAID, model, name)[key]
        if setting.name != "seed":
            assert setting.value == study.value_at(OVERLAID, setting.path)


@pytest.mark.parametrize(
    ("method", "read", "unread"),
    [
        ("sft", {"training.learning_rate"}, {"training.trsft_floor", "tms.alpha", "on_policy.beta"}),
        ("trsft", {"training.trsft_floor"}, {"harvest.mode"}),
        ("dft", {"training.learning_rate"}, {"training.trsft_floor", "training.kl_beta", "tms.loss"}),
        ("kl_sft", {"training.kl_beta", "training.kl_prompts"}, {"training.trsft_floor"}),
        ("tms_kl", {"tms.alpha", "training.kl_beta"}, {"training.trsft_floor"}),
        ("tms", {"tms.alpha", "harvest.keep", "training.learning_rate"}, {"training.trsft_floor"}),
        ("tms_trsft", {"training.trsft_floor", "tms.loss"}, {"on_policy.beta"}),
        ("self_sft", {"tms.trajectory", "tms.loss", "harvest.mode"}, {"tms.alpha", "tms.window"}),
        (
            "grpo",
            {"on_policy.beta", "on_policy.samples"},
            {"training.learning_rate", "on_policy.entropy_bonus"},
        ),
        ("reinforce", {"on_policy.baseline_decay"}, {"on_policy.beta", "training.trsft_floor", "tms.alpha"}),
        ("trapo", {"on_policy.entropy_bonus", "training.trsft_floor"}, {"on_policy.samples"}),
        ("tms_long", {"diagnose.mismatch.max_steps"}, {"diagnose.diversity.k"}),
    ],
)
def test_a_run_has_the_settings_that_its_method_reads(method, read, unread):
    names = {setting.name for setting in run_settings(OVERLAID, run(method))}
    assert read <= names
    assert not unread & names


def test_a_round_of_iterative_sft_is_set_by_no_file():
    config = merged({BASE: copy.deepcopy(SHIPPED)})
    found = table(config, {BASE: SHIPPED}, run("iterative_sft"))
    assert found["tms.trajectory"] == ("final_sft", "methods.iterative_sft.tms", "")


def test_a_task_that_is_no_target():
    check_run(OVERLAID, run("tms"))
    with pytest.raises(InputError, match=r"facts is no target of models.tiny; it has mini_countdown, chain"):
        check_run(OVERLAID, run("tms", task="facts"))
