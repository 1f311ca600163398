"""Files of a model folder that are missing, cut or not to be read."""

import contextlib
import json
import os
import resource
from pathlib import Path

import numpy
import pytest
from helpers.plain_user import plain_user

from tms.io.errors import InputError
from tms.model_folder import whole
from tms.model_folder.digest import weights_digest, write_digest
from tms.model_folder.whole import check_files, open_weights


def write_shards(folder, names, index=None):
    from safetensors.numpy import save_file

    for name in names:
        save_file({name: numpy.zeros(2)}, folder / name)
    if index is not None:
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))


TWO = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


INDEX = {"metadata": {}, "weight_map": {"a": TWO[0], "b": TWO[1], "c": TWO[1]}}


@pytest.mark.parametrize(
    ("names", "index", "message"),
    [
        (["model.safetensors"], None, None),
        (TWO, INDEX, None),
        (["model.safetensors"], INDEX, None),  # which is read alone
        (TWO[:1], INDEX, r"model-00002-of-00002\.safetensors: no such file.*\(1 of 2 are missing\)"),
        (["other.safetensors"], INDEX, r"model-00001-of-00002\.safetensors: no such file.*\(2 of 2"),
        (TWO, None, "index.json: no such file; and there is no model.safetensors: download"),
        (TWO, {}, "not a readable index of the weight files"),
        (TWO, [], "not a readable index of the weight files"),
    ],
)
def test_missing_files_are_named(tmp_path, names, index, message):
    write_shards(tmp_path, names, index)
    if message is None:
        assert open_weights(tmp_path) == weights_digest(tmp_path)
        return
    with pytest.raises(InputError, match=message):
        open_weights(tmp_path)


def test_a_truncated_shard_is_named(tmp_path):
    write_shards(tmp_path, TWO, INDEX)
    shard = tmp_path / TWO[1]
    shard.write_bytes(shard.read_bytes()[:-3])
    with pytest.raises(InputError, match=r"model-00002-of-00002\.safetensors: not a whole safetensors file"):
        open_weights(tmp_path)


def test_weights_that_this_user_may_not_read(tmp_path):
    write_shards(tmp_path, ["model.safetensors"])
    (tmp_path / "model.safetensors").chmod(0)
    with plain_user(tmp_path), pytest.raises(InputError) as told:
        check_files(Path())
    assert str(told.value).startswith("model.safetensors: Permission denied; give this user the right")


def test_weights_for_which_there_is_no_further_handle(tmp_path, monkeypatch):
    write_shards(tmp_path, ["model.safetensors"])
    check_files(tmp_path)  # imports what it needs
    names = whole.weight_files(tmp_path)
    monkeypatch.setattr(whole, "weight_files", lambda folder: names)
    limits, held = resource.getrlimit(resource.RLIMIT_NOFILE), []
    highest = max(int(handle.name) for handle in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, limits[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        with pytest.raises(InputError, match=r"safetensors: Too many open files"):
            check_files(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for handle in held:
            os.close(handle)


@pytest.mark.parametrize("stage", [True, False])
def test_only_what_a_stage_makes_may_be_deleted(tmp_path, stage):
    write_shards(tmp_path, ["model.safetensors"])
    (tmp_path / "model.safetensors").write_bytes(b"cut")
    if stage:
        write_digest(tmp_path)
    with pytest.raises(InputError, match="not a whole safetensors file") as told:
        check_files(tmp_path)
    assert ("delete the folder" in str(told.value)) == stage
