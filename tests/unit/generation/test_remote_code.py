"""A model folder's own Python is never run, nor is anybody asked whether it may."""

import json
import pickle
import shutil

import pytest

from tms.generation.engines.transformers_engine import TransformersEngine
from tms.io.errors import InputError
from tms.metrics.policy import load_policy
from tms.model_folder.config import stored_dtype
from tms.training.sharding import count_parameters


@pytest.fixture
def folder(tiny_model, tmp_path, monkeypatch):
    """A model folder of an unknown kind whose code leaves a mark, and a user who would say yes."""
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = shutil.copytree(tiny_model, tmp_path / "base")
    (folder / "weights.json").unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "unheard_of",
        "auto_map": {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w')\n")
    return folder


@pytest.mark.parametrize(
    "load",
    [
        load_policy,
        stored_dtype,
        count_parameters,
        lambda folder: TransformersEngine().load(folder, 8),
    ],
)
def test_a_folders_code_is_not_run(folder, load):
    with pytest.raises(InputError, match=r"custom code|cannot be loaded") as raised:
        load(folder)
    assert str(folder) in str(raised.value) and len(str(raised.value).splitlines()) == 1
    assert not (folder.parent / "mark").exists()


class Opens:
    """Unpickling it leaves a mark."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


@pytest.mark.parametrize("load", [load_policy, lambda folder: TransformersEngine().load(folder, 8)])
def test_a_pickle_is_not_loaded_where_safetensors_are_named_otherwise(tiny_model, tmp_path, load):
    """transformers would take pytorch_model.bin, whose bytes are in no digest."""
    folder = shutil.copytree(tiny_model, tmp_path / "base")
    (folder / "weights.json").unlink(missing_ok=True)
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": Opens(tmp_path / "mark")}))
    with pytest.raises(InputError, match=str(folder)):
        load(folder)
    assert not (tmp_path / "mark").exists()
