"""Vocabularies of model folders, compared without loading them."""

import json
import shutil

import pytest

from tms.io.errors import InputError
from tms.model_folder.vocabulary import check_vocabulary, vocabulary_fault


@pytest.fixture
def teacher(tiny_model, tmp_path):
    """A folder with the tiny model's tokenizer and config."""
    for name in ("tokenizer.json", "config.json"):
        shutil.copyfile(tiny_model / name, tmp_path / name)
    return tmp_path


def edit(file, change):
    keys = json.loads(file.read_text())
    change(keys)
    file.write_text(json.dumps(keys))


def test_more_rows_and_more_tokens_are_no_fault(tiny_model, teacher):
    assert vocabulary_fault(tiny_model, teacher) == ""
    edit(teacher / "config.json", lambda keys: keys.update(vocab_size=96))
    edit(
        teacher / "tokenizer.json",
        lambda keys: keys["added_tokens"].append({"id": 90, "content": "<more>", "special": True}),
    )
    assert vocabulary_fault(tiny_model, teacher) == ""
    check_vocabulary(tiny_model, teacher)


def test_fewer_rows_are_a_fault(tiny_model, teacher):
    edit(teacher / "config.json", lambda keys: keys.update(vocab_size=70))
    assert "has embeddings of 80 tokens" in vocabulary_fault(tiny_model, teacher)
    assert "of 70 alone" in vocabulary_fault(tiny_model, teacher)


def test_other_numbers_are_a_fault_that_names_some(tiny_model, teacher):
    def swap(keys):
        words = keys["model"]["vocab"]
        words["3"], words["4"] = words["4"], words["3"]
        del words["z"]

    edit(teacher / "tokenizer.json", swap)
    with pytest.raises(InputError) as error:
        check_vocabulary(tiny_model, teacher)
    (line,) = str(error.value).splitlines()
    assert line.startswith("3 of the ") and "'3', '4', 'z'" in line and "name another teacher" in line


def test_a_list_of_tokens_has_their_places(teacher, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for folder, tokens in ((teacher, ["a", "b"]), (other, ["b", "a"])):
        (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": [[t, -1.0] for t in tokens]}}))
        (folder / "config.json").write_text('{"text_config": {"vocab_size": 2}}')
    assert vocabulary_fault(other, other) == ""
    assert vocabulary_fault(teacher, other).startswith("2 of the 2 tokens")


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"model": {"vocab": 3}, "vocab_size": null}'])
def test_unreadable_files_are_named(tiny_model, teacher, name, text):
    (teacher / name).unlink()
    if text is not None:
        (teacher / name).write_text(text)
    with pytest.raises(InputError, match=f"{name}: no readable"):
        vocabulary_fault(tiny_model, teacher)
