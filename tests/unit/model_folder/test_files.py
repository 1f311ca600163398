"""Files of a model folder that are copied: named ones, and what their links may lead to."""

import os
import shutil

import pytest

from tms.io.errors import InputError
from tms.model_folder import files
from tms.training.saving import check_saving


@pytest.fixture
def base(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "models" / "base")


def copied(base, target):
    target.mkdir()
    files.copy(base, target, files.OF_A_CHECKPOINT)
    assert not any(path.is_symlink() for path in target.iterdir())
    return {path.name for path in target.iterdir()}


def test_only_what_a_model_folder_needs_is_copied(base, tmp_path):
    expected = {path.name for path in base.iterdir()} - {"model.safetensors", "weights.json"}
    secret = tmp_path / "secret"
    secret.write_text("root:x:0:0")
    (base / "notes.txt").symlink_to(secret)
    (base / "optimizer.pt").write_text("")
    (base / "modeling_own.py").write_text("")
    (base / "LICENSE").write_text("terms")
    os.mkfifo(base / "vocab.txt")
    (base / "merges.txt").symlink_to("missing")
    (base / "tokenizer.model").mkdir()
    assert copied(base, tmp_path / "copy") == expected | {"LICENSE"}


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer.json", "LICENSE", "spiece.model"])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_that_leads_out_of_the_folder_is_refused(base, tmp_path, name, absolute):
    secret = tmp_path / "secret"
    secret.write_text("root:x:0:0")
    (base / name).unlink(missing_ok=True)
    (base / "on").symlink_to(secret if absolute else "../../secret")
    (base / name).symlink_to("on")
    with pytest.raises(
        InputError, match=f"{name}: a link that leads out .* to {secret}, .* .cp -L.$"
    ) as told:
        check_saving(base)
    assert "\n" not in str(told.value)
    with pytest.raises(InputError):
        copied(base, tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []


def test_links_within_the_folder_and_of_the_hub_s_cache_are_followed(base, tmp_path):
    (base / "parts").mkdir()
    (base / "tokenizer.json").rename(base / "parts" / "tokenizer.json")
    (base / "tokenizer.json").symlink_to("parts/tokenizer.json")
    (tmp_path / "latest").symlink_to(base)
    expected = {path.name for path in base.iterdir()} - {"model.safetensors", "weights.json", "parts"}
    assert copied(tmp_path / "latest", tmp_path / "copy") == expected

    repository = tmp_path / "hub" / "models--a--b"
    snapshot, blobs = repository / "snapshots" / "0123", repository / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for number, name in enumerate(sorted(expected | {"model.safetensors"})):
        shutil.copyfile(base / name, blobs / f"{number}")
        (snapshot / name).symlink_to(f"../../blobs/{number}")
    check_saving(snapshot)
    assert copied(snapshot, tmp_path / "of_the_hub") == expected
    (snapshot / "vocab.txt").symlink_to("../../../models--other/blobs/0")
    (repository.parent / "models--other" / "blobs").mkdir(parents=True)
    shutil.copyfile(base / "config.json", repository.parent / "models--other" / "blobs" / "0")
    with pytest.raises(InputError, match=r"vocab\.txt: a link that leads out"):
        check_saving(snapshot)
