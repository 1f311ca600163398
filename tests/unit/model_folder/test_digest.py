"""Digest of a model folder's weights."""

import os
import stat
import time

import pytest

from tms.generation import weights_read
from tms.io.errors import InputError
from tms.model_folder import digest
from tms.model_folder.digest import check_unchanged, compute_digest, loading, weights_digest, write_digest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model-1.safetensors").write_bytes(b"one")
    (tmp_path / "model-2.safetensors").write_bytes(b"two")
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def test_the_digest_is_of_the_weights_alone(folder):
    before = weights_digest(folder)
    (folder / "config.json").write_text('{"a": 1}')
    assert weights_digest(folder) == before
    (folder / "model-2.safetensors").write_bytes(b"2wo")
    assert weights_digest(folder) != before


def test_bytes_that_move_between_files_change_the_digest(folder):
    before = weights_digest(folder)
    (folder / "model-1.safetensors").write_bytes(b"onet")
    (folder / "model-2.safetensors").write_bytes(b"wo")
    assert weights_digest(folder) != before


def test_the_stated_digest_is_read_and_a_truncated_file_noticed(folder):
    computed = weights_digest(folder)
    assert write_digest(folder) == computed == weights_digest(folder)
    (folder / "model-1.safetensors").write_bytes(b"on")
    with pytest.raises(InputError, match="weight files are truncated or changed"):
        weights_digest(folder)


@pytest.fixture
def reads(monkeypatch):
    """Folders whose weights were read."""
    read, compute = [], compute_digest
    monkeypatch.setattr(digest, "compute_digest", lambda folder: read.append(folder) or compute(folder))
    return read


def age(folder, monkeypatch):
    """Let an hour pass since the last change: the clock is what can be set."""
    now = time.time_ns()
    monkeypatch.setattr(digest.time, "time_ns", lambda: now + 3600 * 10**9)


def replaced(file, how):
    """Put other bytes of the same length into a file, with the old file's times."""
    before = file.stat()
    content = bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:]
    if how == "in place":
        with file.open("r+b") as stream:
            stream.write(content[:1])
    else:
        (file.parent / "other").write_bytes(content)
        (file.parent / "other").replace(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("how", ["in place", "by another file"])
def test_other_weights_of_the_same_size_and_time_are_noticed(folder, how, monkeypatch):
    written = write_digest(folder)
    age(folder, monkeypatch)
    assert weights_digest(folder) == written
    replaced(folder / "model-2.safetensors", how)
    with pytest.raises(InputError, match=r"\*\.safetensors: not the weights that weights\.json beside"):
        weights_digest(folder)
    with pytest.raises(InputError, match="not the weights"):
        check_unchanged(folder, written)
    (folder / "weights.json").unlink()
    assert weights_digest(folder) != written
    with pytest.raises(InputError, match="changed while this job read them"):
        check_unchanged(folder, written)


def test_weights_are_read_once_until_something_touches_them(folder, reads, monkeypatch):
    written = write_digest(folder)
    reads.clear()
    assert [weights_digest(folder) for _ in range(3)] == [written] * 3
    assert len(reads) == 3  # so soon after a change, another one would leave the same time
    age(folder, monkeypatch)
    for touch in (lambda: None, lambda: replaced(folder / "model-1.safetensors", "in place")):
        reads.clear()
        touch()
        (folder / "weights.json").unlink(missing_ok=True)
        assert len({weights_digest(folder) for _ in range(3)}) == 1
        assert len(reads) == 1


def test_weights_that_change_while_they_are_loaded(folder, monkeypatch):
    age(folder, monkeypatch)
    with loading(folder):
        pass
    with pytest.raises(InputError, match="changed while this job read them"), loading(folder):
        replaced(folder / "model-1.safetensors", "in place")


@pytest.mark.parametrize("record", ["", "{", "[]", '{"sizes": {}}', "null"])
def test_a_broken_record_is_named(folder, record):
    (folder / "weights.json").write_text(record)
    with pytest.raises(InputError, match=r"weights\.json: not a readable record"):
        weights_digest(folder)


def test_a_folder_without_weights_is_named(tmp_path):
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match=r"no \*\.safetensors file there"):
            weights_digest(place)
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(InputError, match=r"pytorch_model.bin is not read .*; save the model again"):
        weights_digest(tmp_path)


def test_weights_that_are_gone_from_a_folder_that_a_stage_made_are_told_as_such(folder):
    write_digest(folder)
    for file in folder.glob("*.safetensors"):
        file.unlink()
    with pytest.raises(InputError, match=r"file there any more; delete the folder and run"):
        weights_digest(folder)


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o002])
def test_weights_get_the_mode_of_a_new_file(tmp_path, umask):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"weights")
    weights.chmod(0o600)
    (tmp_path / "weights.json").touch(mode=0o600)
    before = os.umask(umask)
    try:
        write_digest(tmp_path)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o666 & ~umask}


def test_weights_that_the_disk_does_not_give_are_named(tmp_path):
    (tmp_path / "model.safetensors").symlink_to("/proc/self/mem")
    with pytest.raises(OSError) as error:
        compute_digest(tmp_path)
    assert error.value.filename == str(tmp_path / "model.safetensors")


def test_weights_of_a_file_system_whose_clock_is_ahead_are_read_twice(
    folder, reads, monkeypatch, tmp_path_factory
):
    """The clock that nobody sets tells how long they have stayed as they are."""
    written, store = write_digest(folder), tmp_path_factory.mktemp("rows")
    reads.clear()
    now, passed = time.time_ns() - 3600 * 10**9, [0]
    monkeypatch.setattr(digest.time, "time_ns", lambda: now)
    monkeypatch.setattr(digest.time, "monotonic_ns", lambda: passed[0])
    for batch in range(5):
        passed[0] = batch * 3 * 10**9
        weights_read.check(folder, written, store)
    assert len(reads) == 2 and len(list(store.rglob("*.read"))) == 1
    replaced(folder / "model-1.safetensors", "in place")
    with pytest.raises(InputError, match="not the weights"):
        weights_read.check(folder, written, store)
