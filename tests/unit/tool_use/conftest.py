"""A chat format with tools, and rows that call the calculator."""

from types import SimpleNamespace

import pytest
from helpers import tiny_models
from helpers.chat_templates import QWEN_TOOLS, with_template

from tms.generation.generate import open_model
from tms.io.conversation import context_text
from tms.tool_use.environments.calculator import TOOL


@pytest.fixture(scope="session")
def calculating(tmp_path_factory):
    """`folder` of a model with tools, its `model` as the stages open it, and the `context` of its rows."""
    folder = tmp_path_factory.mktemp("calculating")
    tiny_models.with_byte_pairs(folder / "source", [QWEN_TOOLS])
    (folder / "source" / "weights.json").unlink()  # its record of the tokenizer, which changes
    model = open_model(with_template(folder / "source", folder / "model", "qwen2.5 tools"))
    context = context_text([], [TOOL], {"kind": "calculator", "calls": 2})
    return SimpleNamespace(folder=model.folder, model=model, chat=model.chat, context=context)
