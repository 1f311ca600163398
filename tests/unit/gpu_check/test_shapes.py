"""Shapes: sizes as transformers counts them, and those of the shipped configuration."""

import copy
import json

import pytest
import yaml
from helpers.shipped_config import SHIPPED

from tms.gpu_check import shapes
from tms.memory_plan.architecture import KNOWN as KNOWN_FILE
from tms.memory_plan.architecture import architecture
from tms.memory_plan.towers import Towers

# Models with towers: tests/unit/memory_plan/test_towers.py.
KNOWN = {
    name: keys
    for name, keys in yaml.safe_load(KNOWN_FILE.read_text()).items()
    if "thinker_config" not in keys
}
PAPER = SHIPPED["table"]["models"]


@pytest.mark.parametrize("name", KNOWN)
def test_parameters_are_those_that_transformers_counts(name, tmp_path):
    from tms.training.sharding import count_parameters

    for layers in (1, 3):
        keys = KNOWN[name] | {"num_hidden_layers": layers}
        (tmp_path / "config.json").write_text(json.dumps(keys))
        assert shapes.parameters(keys, layers) == count_parameters(tmp_path)


def test_parameters_of_the_miniature(tmp_path):
    from tms.training.sharding import count_parameters

    folder = KNOWN_FILE.parent / "miniature" / "base"
    assert shapes.small()[0].parameters == count_parameters(folder)


def test_sizes_are_those_of_the_configuration():
    config = SHIPPED
    entries = [(entry["base"], entry) for entry in config["models"].values() if "parameters" in entry]
    entries += [(entry["model"], entry) for entry in config["teachers"].values() if "parameters" in entry]
    for folder, entry in entries:
        keys = architecture(folder)
        counted = shapes.parameters(keys, keys["num_hidden_layers"]) + Towers.of(folder).parameters
        assert counted == pytest.approx(entry["parameters"], rel=0.01), folder


def test_shipped_shapes():
    """As docs/slurm.md states: 1B and 1.5B are copied, what is larger is sharded."""
    found, unknown = shapes.configured(SHIPPED, PAPER)
    assert unknown == []
    trained = [shape for shape in found if shape.kind == "train"]
    order = ["llama1b", "llama8b", "qwen7b", "qwen3b", "qwen1.5b"]
    assert [shape.name for shape in trained] == order
    assert {shape.cards for shape in trained} == {8} and {shape.tokens for shape in trained} == {5120}
    assert [shape.sharded(int(80e9)) for shape in trained] == [False, True, True, True, False]
    on_policy = [shape for shape in found if shape.part == "on-policy"]
    assert [(shape.kind, shape.name) for shape in on_policy] == [
        (kind, name) for name in order for kind in ("grpo", "reinforce", "trapo")
    ]
    assert {(shape.tokens, shape.completion) for shape in on_policy} == {(2048 + 1024, 2048)}
    (teacher,) = [shape for shape in found if shape.kind == "generate"]
    assert (teacher.name, teacher.layers, teacher.generating_cards) == ("llama70b", 80, 4)


def test_rows_with_tools_are_as_long_as_they_may_be():
    found, _ = shapes.configured(SHIPPED, ["qwen7b_tools"])
    assert {(shape.tokens, shape.completion) for shape in found} == {(5120, 4096)}


def test_the_shapes_are_those_of_the_memory_plan():
    """So that the peaks which stand beside each other are of the same step."""
    from tms.gpu_check.planned import planned_peak
    from tms.memory_plan import plan
    from tms.memory_plan.store import Store

    jobs = {"train": "SFT, students", "grpo": "GRPO", "reinforce": "REINFORCE, TRAPO"}
    jobs["trapo"] = jobs["reinforce"]
    for shape in shapes.configured(SHIPPED, PAPER)[0]:
        if shape.kind == "generate":
            continue
        peaks = {peak.job: peak for peak in plan.of_model(SHIPPED, shape.name, Store(None).memory)}
        planned = peaks[jobs[shape.kind]]
        assert planned_peak(shape, int(80e9)) == planned.total - planned.parts["CUDA"]


def test_equal_models_share_a_shape_and_their_own_files_come_first(tmp_path):
    config = copy.deepcopy(SHIPPED)
    base = tmp_path / "Qwen2.5-3B-Instruct"
    base.mkdir()
    keys = KNOWN["Qwen2.5-3B-Instruct"] | {"num_hidden_layers": 5}
    (base / "config.json").write_text(json.dumps(keys))
    entry = config["models"]["qwen3b"] | {"base": str(base)}
    more = {"one": entry, "two": entry, "odd": entry | {"base": "models/mine"}}
    config["models"] |= more | {"wide": entry | {"training": entry["training"] | {"device_batch": 1}}}
    found, unknown = shapes.configured(config, ["one", "two", "odd", "wide"])
    found = [shape for shape in found if shape.kind == "train"]
    assert [(shape.name, shape.layers, shape.device_batch) for shape in found] == [
        ("one,two", 5, 2),
        ("wide", 5, 1),
    ]
    assert unknown == ["odd"]
