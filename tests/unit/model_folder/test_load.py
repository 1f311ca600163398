"""A model folder that lacks a weight is refused: transformers would draw it at random, and only log it."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tms.io.errors import InputError
from tms.model_folder.load import check_weights, load_model

NORM = "model.norm.weight"
READERS = [check_weights, lambda folder: load_model(folder, torch.float32)]


@pytest.fixture
def folder(tiny_model, tmp_path) -> Path:
    """A user's own folder: without the record that a stage writes."""
    shutil.copytree(tiny_model, tmp_path / "base")
    (tmp_path / "base" / "weights.json").unlink(missing_ok=True)
    return tmp_path / "base"


def edit_weights(folder, edit):
    weights = load_file(folder / "model.safetensors")
    edit(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def edit_config(folder, **keys):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | keys))


@pytest.mark.parametrize("read", READERS)
def test_a_whole_folder_is_taken(folder, read):
    read(folder)


@pytest.mark.parametrize("read", READERS)
def test_a_missing_weight(folder, read):
    edit_weights(folder, lambda weights: weights.pop(NORM))
    with pytest.raises(
        InputError, match=rf"base: no {NORM} in its .*\(1 such weights\); put the model's own"
    ):
        read(folder)


@pytest.mark.parametrize("read", READERS)
def test_a_weight_of_another_shape(folder, read):
    edit_weights(folder, lambda weights: weights.update({NORM: weights[NORM][:-1].clone()}))
    with pytest.raises(
        InputError, match=rf"base: its {NORM} has the shape \[\d+\], and its config.json asks"
    ):
        read(folder)


@pytest.mark.parametrize("read", READERS)
def test_a_vocabulary_of_another_size(folder, read):
    edit_config(folder, vocab_size=977)
    with pytest.raises(InputError, match=r"base: its .*embed_tokens.* asks for \[977, \d+\]"):
        read(folder)


@pytest.mark.parametrize("read", READERS)
def test_quantised_weights(folder, read):
    edit_config(folder, quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True})
    with pytest.raises(
        InputError, match=r"base: cannot be read \(.*\); name a causal language model in .* not"
    ):
        read(folder)


def test_the_check_is_silent(folder, capfd):
    edit_weights(folder, lambda weights: weights.pop(NORM))
    with pytest.raises(InputError):
        check_weights(folder)
    assert capfd.readouterr() == ("", "")
