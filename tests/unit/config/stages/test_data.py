"""Flags of data preparation and of the gate."""

import copy
import json
from types import SimpleNamespace

import pytest
from helpers.shipped_config import SHIPPED

from tms.config.stages import data
from tms.io.errors import InputError

COUNTDOWN = (
    '{"count": 3, "max_number": 15, "max_target": 50, '
    '"prompt": "make {target} from {numbers}", "separator": " "}'
)
MINIATURE = ("mini_countdown", "chain", "facts", "lookup", "refusal")


def test_prepare():
    assert data.prepare_flags(SHIPPED, "chain", "test") == (
        "--task chain --kind chain --split test --size 500 --seed 0 --options '{}'"
    )
    assert data.prepare_flags(SHIPPED, "mini_countdown", "train") == (
        f"--task mini_countdown --kind countdown --split train --size 2048 --seed 0 --options '{COUNTDOWN}'"
    )
    rooted = SHIPPED | {"data": {"root": "/copies"}}
    assert data.prepare_flags(rooted, "gsm8k", "heldout") == (
        "--task gsm8k --kind gsm8k --data-root /copies --split heldout --size 500 --seed 0 --options '{}'"
    )


@pytest.mark.parametrize("content", ["null", "[]", "{}", "", '{"command": 5}'])
def test_a_shipped_record_that_cannot_be_read_is_one_line(tmp_path, monkeypatch, content):
    (tmp_path / "pretrain.json").write_text(content)
    monkeypatch.setattr(data, "pretraining", lambda *_: SimpleNamespace(shipped=tmp_path))
    with pytest.raises(InputError, match=r"pretrain\.json: .*take the file from the repository again"):
        data.is_shipped(SHIPPED, "tiny")


def test_pretraining_teaches_the_tasks_of_its_suite():
    given = data.pretrain_flags(SHIPPED, "tiny")
    assert given.startswith("--tasks '{") and given.endswith(
        " --threads 4 --seed 0 --steps 1900 --lookup-steps 300 --batch 64 --teacher-steps 40 "
        "--teacher-batch 64"
    )
    tasks = json.loads(given.split("'")[1])
    assert sorted(tasks) == ["chain", "facts", "lookup", "mini_countdown", "refusal"]
    assert tasks["mini_countdown"] == {"kind": "countdown", "options": json.loads(COUNTDOWN)}


def test_a_model_that_reads_images_has_settings_of_its_own():
    given = data.pretrain_flags(SHIPPED, "tiny_images")
    assert given.endswith(" --threads 2 --seed 0 --steps 3000 --batch 32")
    assert sorted(json.loads(given.split("'")[1])) == ["facts", "refusal", "word_pairs", "words"]


def test_a_model_that_calls_tools_has_settings_of_its_own():
    given = data.pretrain_flags(SHIPPED, "tiny_tools")
    assert given.endswith(" --threads 2 --seed 0 --steps 700 --batch 32")
    assert sorted(json.loads(given.split("'")[1])) == ["calculate", "facts", "refusal"]


def test_decontaminate_compares_with_every_benchmark_of_the_suite():
    benchmarks = " ".join(f"{name}=data/{name}/test.parquet" for name in MINIATURE)
    given = data.decontaminate_flags(SHIPPED, "chain", "miniature")
    assert given == f"--task chain --benchmarks {benchmarks}"
    config = copy.deepcopy(SHIPPED)
    config["contamination"]["kept"] = {"chain": {"math": "of another suite", "facts": "said so"}}
    assert data.decontaminate_flags(config, "chain", "miniature") == (
        f"--task chain --keep facts --benchmarks {benchmarks}"
    )


def test_the_gate_knows_the_reasons_of_the_suites_pairs():
    assert data.gate_flags(SHIPPED, "mmlu", "paper") == (
        "--max-share 0.01 --accept 'arc_c=The auxiliary questions hold ARC items; equal ones are removed, "
        "reworded ones may be left.'"
    )
    config = copy.deepcopy(SHIPPED)
    config["contamination"]["kept"] = {"chain": {"refusal": "b c", "facts": "a"}}
    assert data.gate_flags(config, "chain", "miniature") == "--max-share 0.01 --keep facts=a 'refusal=b c'"
    assert data.gate_flags(SHIPPED, "mmlu", "miniature") == "--max-share 0.01"
