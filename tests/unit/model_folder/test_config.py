"""A config.json that transformers cannot read is one line, whatever it raises."""

import json
import shutil

import pytest

from tms.io.errors import InputError
from tms.model_folder.config import read_config


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_size": "x"},
        {"hidden_size": None},
        {"model_type": []},
        {"model_type": {}},
        {"model_type": "nothing-known"},
        {"rope_parameters": 7},
        {"layer_types": ["none"]},
        {"dtype": "float1"},
    ],
)
def test_values_of_other_types(tiny_model, tmp_path, change):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(InputError, match=r"transformers cannot read the config\.json there") as told:
        read_config(folder)
    assert str(told.value).startswith(str(folder)) and "\n" not in str(told.value)


def test_a_machine_that_refuses_is_no_fault_of_the_config(tiny_model, monkeypatch):
    from transformers import AutoConfig

    def refuse(*given, **more):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(AutoConfig, "from_pretrained", refuse)
    with pytest.raises(InputError, match=r"config\.json: Too many open files; end other programs"):
        read_config(tiny_model)
