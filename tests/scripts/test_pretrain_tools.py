"""pretrain_tools.py: a base that calls tools and loads as any other; the shipped one is copied."""

import shlex
import shutil

import pytest
from helpers.paths import ROOT
from helpers.pretrained_bases import PLACES, check_base, copied, pretrained
from helpers.shipped_config import SHIPPED

from tms.config.pretrained import TOOLS
from tms.config.stages import data
from tms.graders import facts as facts_grader
from tms.graders import number as number_grader
from tms.io.conversation import read_context
from tms.tasks import calculate, facts
from tms.tool_use.calls import parse
from tms.tool_use.environment import observe

TASKS = {"calculate": {"kind": "calculate"}, "facts": {"kind": "facts"}}
MODELS = ROOT / TOOLS.shipped


@pytest.fixture(scope="module")
def made(run_program, tmp_path_factory):
    """A pretraining of a few steps."""
    folder = tmp_path_factory.mktemp("pretrain_tools")
    return pretrained(run_program, folder, "pretrain_tools", TASKS, MODELS, steps=12)


def test_a_base_in_bf16_and_its_record(made):
    check_base(made, TASKS, steps=12)


def test_it_is_compared_in_its_precision(made, run_program):
    places = ["--anew", made, "--shipped", made]
    assert "base: equal, bit for bit" in run_program(made, "compare_models", *places).stdout
    other = shutil.copytree(made, made.parent / "other")
    weights = bytearray((other / "base/model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "base/model.safetensors").write_bytes(weights)
    places = ["--anew", made, "--shipped", other]
    assert "base: 1 of 13 tensors differ" in run_program(made, "compare_models", *places).stdout


def test_its_chat_format_is_read(made):
    from tms.generation.chat import ChatFormat

    chat = ChatFormat(made / "base")
    text = chat.tokenizer.decode(chat.prompt_ids("How many apples?"))
    assert text == "<|im_start|>user\nHow many apples?<|im_end|>\n<|im_start|>assistant\n"
    assert chat.tokenizer.decode([chat.end]) == "<|im_end|>"


def test_the_shipped_base_is_that_of_the_shipped_configuration(program, tmp_path):
    """Else every run of `tiny_tools` would pretrain: see workflow/resources/miniature_tools/README.md."""
    flags = shlex.split(data.pretrain_flags(SHIPPED, "tiny_tools"))
    done = program("pretrain_tools", *flags, *PLACES, "--shipped", MODELS)
    assert copied(done, MODELS, tmp_path / "made") == 8
    assert (MODELS / "base/model.safetensors").stat().st_size < 2.5e6
    assert data.is_shipped(SHIPPED, "tiny_tools")


@pytest.fixture(scope="module")
def shipped():
    """Greedy answers of the shipped base to prompts, with tools or without."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(MODELS / "base")
    model = AutoModelForCausalLM.from_pretrained(MODELS / "base", dtype=torch.float32).eval()

    def answers(chats, tools=None):
        texts = tokenizer.apply_chat_template(chats, tools=tools, tokenize=False, add_generation_prompt=True)
        read = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        ids = model.generate(**read, max_new_tokens=48, do_sample=False)[:, read["input_ids"].shape[1] :]
        return tokenizer.batch_decode(ids, skip_special_tokens=True)

    return answers


def test_the_shipped_base_calls_rightly_for_some_problems_and_repeats_what_it_is_told(shipped):
    rows = calculate.build("test", 100, 0, {})
    context = read_context(rows[0]["context"])
    chats = [[{"role": "user", "content": row["prompt"]}] for row in rows]
    right = told = called = 0
    first = shipped(chats, context.tools)
    again, golds = [], []
    for chat, text, row in zip(chats, first, rows, strict=True):
        if "<tool_call>" in text:
            (call,) = parse(text)[1]
            answer = {"role": "tool", "name": call.name, "content": observe(call, context)}
            again.append(
                [*chat, {"role": "assistant", "content": "", "tool_calls": [call.message()]}, answer]
            )
            golds.append(row["answer"])
        else:
            right += number_grader.grade(text, row["answer"]).score
    for chat, text, gold in zip(again, shipped(again, context.tools), golds, strict=True):
        called += 1
        told += number_grader.grade(text, chat[-1]["content"]).score
        right += number_grader.grade(text, gold).score
    assert 30 <= called <= 95 and told >= 0.9 * called
    assert 10 <= right <= 50


def test_the_shipped_base_knows_the_facts(shipped):
    rows = facts.build("test", 60, 0, {})
    given = shipped([[{"role": "user", "content": row["prompt"]}] for row in rows])
    grades = [facts_grader.grade(text, row["answer"]).score for text, row in zip(given, rows, strict=True)]
    assert sum(grades) >= 45
