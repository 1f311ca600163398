"""pretrain_tools.py: a base that calls tools and loads as any other."""

import json

import pytest

TASKS = {"calculate": {"kind": "calculate"}, "facts": {"kind": "facts"}}
SMALL = "--width 32 --layers 1 --heads 2 --feed-forward 32 --batch 16 --steps 12 --threads 2".split()
PLACES = ["--base", "made/base", "--record", "made/pretrain.json"]


@pytest.fixture(scope="module")
def made(run_program, tmp_path_factory):
    """The folder of a pretraining of a few steps."""
    folder = tmp_path_factory.mktemp("pretrain_tools")
    done = run_program(folder, "pretrain_tools", "--tasks", json.dumps(TASKS), *SMALL, *PLACES)
    assert done.returncode == 0, done.stderr
    return folder / "made"


def test_a_base_in_bf16_and_its_record(made):
    from safetensors.torch import load_file

    weights = load_file(made / "base/model.safetensors")
    assert {str(tensor.dtype) for tensor in weights.values()} == {"torch.bfloat16"}
    record = json.loads((made / "pretrain.json").read_text())
    assert record["settings"]["steps"] == 12 and record["settings"]["tasks"] == TASKS
    assert record["weights"] == {"base": json.loads((made / "base/weights.json").read_text())["sha256"]}


def test_its_chat_format_is_read(made):
    from tms.generation.chat import ChatFormat

    chat = ChatFormat(made / "base")
    text = chat.tokenizer.decode(chat.prompt_ids("How many apples?"))
    assert text == "<|im_start|>user\nHow many apples?<|im_end|>\n<|im_start|>assistant\n"
    assert chat.tokenizer.decode([chat.end]) == "<|im_end|>"
