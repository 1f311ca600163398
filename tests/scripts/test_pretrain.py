"""pretrain.py: a base and a teacher that the rest of the workflow can load."""

import json

import pytest

TASKS = {
    "mini_countdown": {
        "kind": "countdown",
        "options": {"count": 3, "max_number": 9, "max_target": 30, "prompt": "make {target} from {numbers}"},
    },
    "facts": {"kind": "facts"},
}
SMALL = "--width 32 --layers 1 --heads 2 --feed-forward 32 --batch 16 --teacher-batch 16".split()


@pytest.fixture(scope="module")
def models(run_program, tmp_path_factory):
    """Two runs of the same flags, each with folders `base` and `teacher`."""
    folder = tmp_path_factory.mktemp("pretrain")
    for run in ("first", "second"):
        words = ["--base", f"{run}/base", "--teacher", f"{run}/teacher", "--tasks", json.dumps(TASKS)]
        steps = ["--steps", 25, "--teacher-steps", 3, "--threads", 2]
        done = run_program(folder, "pretrain", *words, *steps, *SMALL)
        assert done.returncode == 0, done.stderr
        assert "pretrain base: 25/25 steps" in done.stderr
    return folder


def test_runs_are_bit_equal(models):
    for name in ("base", "teacher"):
        weights = [(models / run / name / "model.safetensors").read_bytes() for run in ("first", "second")]
        assert weights[0] == weights[1]
    assert weights[0] != (models / "first/base/model.safetensors").read_bytes()


def test_models_load_as_any_other(models):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from tms.mixture.checkpoints import weights_digest

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


def test_an_unknown_kind_stops_before_torch_is_loaded(program):
    done = program("pretrain", "--base", "b", "--teacher", "t", "--tasks", '{"x": {"kind": "gsm8k"}}')
    assert done.returncode == 2
    assert "gsm8k" in done.stderr and len(done.stderr.splitlines()) == 1
