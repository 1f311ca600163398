"""pretrain.py: a base and a teacher that the rest of the workflow can load; the shipped ones are copied."""

import json
import shlex
import shutil
import stat

import pytest
from helpers.paths import ROOT
from helpers.pretrained_bases import copied
from helpers.shipped_config import SHIPPED

from tms.config.pretrained import PLAIN
from tms.config.stages import data
from tms.miniature.corpus import Corpus

TASKS = {
    "mini_countdown": {
        "kind": "countdown",
        "options": {"count": 3, "max_number": 9, "max_target": 30, "prompt": "make {target} from {numbers}"},
    },
    "facts": {"kind": "facts"},
}
SMALL = "--width 32 --layers 1 --heads 2 --feed-forward 32 --batch 16 --teacher-batch 16".split()
MODELS = ROOT / PLAIN.shipped


def places(folder):
    return [
        "--base",
        f"{folder}/base",
        "--teacher",
        f"{folder}/teacher",
        "--record",
        f"{folder}/pretrain.json",
    ]


@pytest.fixture(scope="module")
def models(run_program, tmp_path_factory):
    """Two runs of the same flags, each with folders `base` and `teacher`."""
    folder = tmp_path_factory.mktemp("pretrain")
    for run in ("first", "second"):
        words = [*places(run), "--tasks", json.dumps(TASKS), "--shipped", MODELS]
        steps = ["--steps", 25, "--teacher-steps", 3, "--threads", 2]
        done = run_program(folder, "pretrain", *words, *steps, *SMALL)
        assert done.returncode == 0, done.stderr
        assert "other settings, corpus than now; pretraining anew" in done.stdout
        assert "pretrain base: 25/25 steps" in done.stderr
    return folder


def test_runs_are_bit_equal(models):
    for name in ("base", "teacher"):
        weights = [(models / run / name / "model.safetensors").read_bytes() for run in ("first", "second")]
        assert weights[0] == weights[1]
    assert weights[0] != (models / "first/base/model.safetensors").read_bytes()


def test_models_load_as_any_other(models):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from tms.model_folder.digest import weights_digest

    for name in ("base", "teacher"):
        folder = models / "first" / name
        model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
        assert tokenizer.decode(tokenizer("make 12 from 3 4 5").input_ids) == "make 12 from 3 4 5"
        assert model.generation_config.eos_token_id == tokenizer.eos_token_id != tokenizer.pad_token_id
        chat = [{"role": "user", "content": "make 12 from 3 4 5"}]
        ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt")
        assert model.generate(**ids, max_new_tokens=5, do_sample=False).shape[1] > ids["input_ids"].shape[1]
        tokenizer.save_pretrained(models / "saved")
        model.config.save_pretrained(models / "saved")
        again = AutoTokenizer.from_pretrained(models / "saved")
        assert again("make 12 from 3 4 5").input_ids == tokenizer("make 12 from 3 4 5").input_ids
        assert len(weights_digest(folder)) == 64


def test_weights_can_be_read_by_all_who_read_the_config(models):
    modes = {
        stat.S_IMODE((models / "first/base" / name).stat().st_mode)
        for name in ("config.json", "model.safetensors")
    }
    assert len(modes) == 1


def test_the_record_says_how_they_were_made(models):
    first, second = (json.loads((models / run / "pretrain.json").read_text()) for run in ("first", "second"))
    assert first["settings"]["steps"] == 25 and first["settings"]["tasks"] == TASKS
    stated = json.loads((models / "first/teacher/weights.json").read_text())["sha256"]
    assert first["weights"]["teacher"] == stated
    assert first.pop("command") != second.pop("command")
    assert first == second


def pretrain_shipped(program, *more):
    return program("pretrain", *shlex.split(data.pretrain_flags(SHIPPED, "tiny")), *places("made"), *more)


def test_the_shipped_models_are_those_of_the_shipped_configuration(program, tmp_path):
    """Else every demo would pretrain: then `make pretrain` and look at what it reports."""
    done = pretrain_shipped(program, "--shipped", MODELS)
    assert copied(done, MODELS, tmp_path / "made") == 15
    assert data.is_shipped(SHIPPED, "tiny")


def test_shipped_weights_that_were_changed_are_refused(program, tmp_path):
    copy = shutil.copytree(MODELS, tmp_path / "copy")
    weights = bytearray((copy / "teacher/model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "teacher/model.safetensors").write_bytes(weights)
    done = pretrain_shipped(program, "--shipped", copy)
    assert done.returncode == 2
    assert "copy/teacher: not the weights of" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("part", ["settings", "corpus", "code"])
def test_models_of_another_record_are_pretrained_anew(tmp_path, part):
    from tms.miniature import record

    shipped = record.read(MODELS)
    wanted = record.causes(shipped["settings"], Corpus(shipped["settings"]["tasks"]))
    assert record.changed(MODELS, wanted) == []
    wanted[part] = "edited"
    assert record.changed(MODELS, wanted) == [part]


def test_an_edit_of_the_corpus_or_of_the_training_is_noticed(monkeypatch):
    from tms.miniature import corpus, record

    settings = record.read(MODELS)["settings"]
    drawn = Corpus(settings["tasks"])
    monkeypatch.setitem(corpus.STYLES["chain"], "worked", 0.31)
    assert record.changed(MODELS, record.causes(settings, drawn)) == ["corpus"]
    monkeypatch.undo()
    monkeypatch.setitem(corpus.KINDS, "lookup", 0.16)
    assert record.changed(MODELS, record.causes(settings, drawn)) == ["corpus"]


def test_an_unknown_kind_stops_before_torch_is_loaded(program):
    done = program("pretrain", *places("x"), "--tasks", '{"x": {"kind": "gsm8k"}}')
    assert done.returncode == 2
    assert "gsm8k" in done.stderr and len(done.stderr.splitlines()) == 1


def test_models_made_anew_are_compared_and_replace_the_shipped_when_asked(models, run_program, tmp_path):
    shipped = shutil.copytree(models / "first", tmp_path / "shipped")
    words = ["--anew", models / "second", "--shipped", shipped]
    done = run_program(tmp_path, "compare_models", *words)
    assert done.stdout.splitlines() == [
        "settings, corpus and code: equal",
        "base: equal, bit for bit",
        "teacher: equal, bit for bit",
    ]
    shutil.copy(shipped / "teacher/model.safetensors", shipped / "base/model.safetensors")
    before = (shipped / "base/model.safetensors").read_bytes()
    done = run_program(tmp_path, "compare_models", *words)
    assert "base: 13 of 13 tensors differ; root mean square of the differences 0.0" in done.stdout
    assert (shipped / "base/model.safetensors").read_bytes() == before
    done = run_program(tmp_path, "compare_models", *words, "--replace")
    assert "shipped: replaced" in done.stdout
    for file in ("base/model.safetensors", "pretrain.json"):
        assert (shipped / file).read_bytes() == (models / "second" / file).read_bytes()
