"""A changed configuration or tokenizer of a model folder is one line, before its model is used."""

import json

import pytest
from helpers import tiny_models

from tms.io.errors import InputError
from tms.model_folder.digest import write_digest
from tms.model_folder.whole import open_weights


@pytest.fixture
def folder(tmp_path):
    tiny_models.with_characters(tmp_path / "model")
    write_digest(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_flipped_bit_is_told(folder, name):
    open_weights(folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(
        InputError, match=f"{name}: not the file that weights.json beside it records; delete the folder"
    ):
        open_weights(folder)


def test_a_deleted_file_is_told(folder):
    (folder / "config.json").unlink()
    with pytest.raises(InputError, match=r"config\.json: no such file, which"):
        open_weights(folder)


def test_files_that_come_later_and_older_records_are_taken(folder):
    (folder / "update.json").write_text("{}")
    (folder / "notes.txt").write_text("mine")
    open_weights(folder)
    record = json.loads((folder / "weights.json").read_text())
    assert set(record["files"]) >= {"config.json", "tokenizer.json"}
    assert "weights.json" not in record["files"]
    del record["files"]
    (folder / "weights.json").write_text(json.dumps(record))
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    open_weights(folder)
