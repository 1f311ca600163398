"""What a model folder lacks is told before the first job."""

import json
import shutil

import pytest
from helpers import tiny_vision

from tms.planned_jobs.jobs import Job
from tms.preflight import model_folders


@pytest.fixture
def folder(tiny_model, tmp_path):
    """A user's own: no stage has recorded its files."""
    own = shutil.copytree(tiny_model, tmp_path / "model")
    (own / "weights.json").unlink()
    return own


CONFIG = {
    "judges": {"guard": {"kind": "wildguard"}, "agree": {"kind": "agreement"}},
    "tasks": {"seen": {"kind": "textvqa"}, "sums": {"kind": "chain"}},
}


def faults(jobs):
    return model_folders.faults(jobs, CONFIG)


def reading(folder, rule="generate", output="made", judge="guard"):
    return Job(rule, {"judge": judge}, [str(folder), "data/x.parquet"], [str(output)])


def test_a_whole_folder_and_one_that_is_made_have_no_fault(folder, tmp_path):
    assert faults([reading(folder), reading(folder, "train_sft"), reading(tmp_path / "later")]) == []
    (folder / "tokenizer.json").unlink()
    assert faults([reading(tmp_path, "pretrain", output=folder), reading(folder)]) == []


def truncate(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])


def lose_a_shard(folder):
    (folder / "model.safetensors").rename(folder / "a.safetensors")
    shards = {"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(shards))


def lose_the_prompt(folder):
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'][0]['text'] }}")


def contradict(folder):
    (folder / "generation_config.json").write_text('{"eos_token_id": 2, "temperature": 0.6}')


@pytest.mark.parametrize(
    ("harm", "rules", "words"),
    [
        (truncate, ["generate", "judge", "train_sft"], "not a whole safetensors file"),
        (lose_a_shard, ["generate", "judge", "train_sft"], "b.safetensors: no such file"),
        (lose_the_prompt, ["generate", "teacher", "train_sft"], "leaves out the user's prompt"),
        (contradict, ["train_sft", "train_student", "train_on_policy"], "`temperature`"),
    ],
)
def test_a_fault_is_one_line_whatever_reads_the_folder(folder, harm, rules, words):
    harm(folder)
    lines = faults([reading(folder, rule) for rule in rules])
    assert len(lines) == 1 and words in lines[0] and "\n" not in lines[0]
    assert all(faults([reading(folder, rule)]) == lines for rule in rules)


def test_who_reads_images_has_a_vision_part(folder, tmp_path):
    jobs = [
        Job(rule, {}, [str(folder), f"data/{task}/{split}.parquet"], ["made"])
        for rule, task, split in [("train_sft", "seen", "train"), ("generate", "seen", "test")]
    ]
    for reading in jobs:
        (line,) = faults([reading])
        assert line.startswith(f"{folder}: ") and "images" in line
    assert faults([Job("generate", {}, [str(folder), "data/sums/test.parquet"], ["made"])]) == []
    shutil.rmtree(folder)
    seeing = tiny_vision.write_vl(folder)
    job = Job("generate", {}, [str(seeing), "data/seen/test.parquet"], ["made"])
    assert faults([job]) == []
    (seeing / "weights.json").unlink()  # a user's own
    template = seeing / "chat_template.jinja"
    template.write_text("{% for m in messages %}{{ m['content'] }}{% endfor %}:")
    (line,) = faults([job])
    assert "writes 0 placeholders for 1 images" in line
    (seeing / "preprocessor_config.json").unlink()
    (line,) = faults([job])
    assert "preprocessor_config.json" in line and "download the model again" in line


def test_a_judge_brings_its_template_and_only_training_saves(folder):
    lose_the_prompt(folder)
    assert faults([reading(folder, "judge")]) == []
    (line,) = faults([reading(folder, "judge", judge="agree")])  # in its own chat format
    assert "template" in line
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    contradict(folder)
    assert faults([reading(folder), reading(folder, "harvest")]) == []
