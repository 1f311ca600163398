"""Names, steps and weights digests of checkpoints."""

import contextlib
import json
import os
import resource
import stat
import time
from fractions import Fraction
from pathlib import Path

import numpy
import pytest
from helpers.plain_user import plain_user
from hypothesis import given
from hypothesis import strategies as st

from tms.generation import weights_read
from tms.io.errors import InputError
from tms.mixture import checkpoints
from tms.mixture.checkpoints import (
    check_unchanged,
    evenly_spaced,
    loading,
    open_weights,
    parse_point,
    point_name,
    step_of,
    weights_digest,
    write_digest,
)


@given(st.fractions(0, 1, max_denominator=1000))
def test_a_point_and_its_name_are_one(point):
    assert parse_point(point_name(point)) == point


@pytest.mark.parametrize(
    "name",
    [
        "",
        "of",
        "3",
        "3of",
        "of10",
        "2of4",
        "0of2",
        "3of2",
        "1of0",
        "-1of2",
        "3/10",
        "03of10",
        "³of10",
        "1of1of1",
    ],
)
def test_other_names_are_refused(name):
    with pytest.raises(InputError, match="write a reduced fraction"):
        parse_point(name)


def test_ten_points_by_hand():
    names = ["1of10", "1of5", "3of10", "2of5", "1of2", "3of5", "7of10", "4of5", "9of10", "1of1"]
    assert evenly_spaced(10) == names


@given(st.integers(1, 40), st.integers(0, 500))
def test_steps_end_at_the_last_and_differ_where_there_are_enough(num_checkpoints, more):
    total = num_checkpoints + more
    steps = [step_of(name, total) for name in evenly_spaced(num_checkpoints)]
    assert steps[-1] == total
    assert steps[0] >= 1
    assert steps == sorted(set(steps))
    assert len(steps) == num_checkpoints


def test_steps_are_rounded_halves_up():
    assert [step_of(name, 59) for name in ("1of10", "1of2", "1of1", "0of1")] == [6, 30, 59, 0]
    assert step_of(point_name(Fraction(1, 2)), 5) == 3


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
    read, compute = [], checkpoints.compute_digest
    monkeypatch.setattr(checkpoints, "compute_digest", lambda folder: read.append(folder) or compute(folder))
    return read


def age(folder, monkeypatch):
    """Let an hour pass since the last change: the clock is what can be set."""
    now = time.time_ns()
    monkeypatch.setattr(checkpoints.time, "time_ns", lambda: now + 3600 * 10**9)


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
    digest = write_digest(folder)
    age(folder, monkeypatch)
    assert weights_digest(folder) == digest
    replaced(folder / "model-2.safetensors", how)
    with pytest.raises(InputError, match=r"\*\.safetensors: not the weights that weights\.json beside"):
        weights_digest(folder)
    with pytest.raises(InputError, match="not the weights"):
        check_unchanged(folder, digest)
    (folder / "weights.json").unlink()
    assert weights_digest(folder) != digest
    with pytest.raises(InputError, match="changed while this job read them"):
        check_unchanged(folder, digest)


def test_weights_are_read_once_until_something_touches_them(folder, reads, monkeypatch):
    digest = write_digest(folder)
    reads.clear()
    assert [weights_digest(folder) for _ in range(3)] == [digest] * 3
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
        open_weights(folder)


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
        checkpoints.compute_digest(tmp_path)
    assert error.value.filename == str(tmp_path / "model.safetensors")


def test_weights_that_this_user_may_not_read(tmp_path):
    write_shards(tmp_path, ["model.safetensors"])
    (tmp_path / "model.safetensors").chmod(0)
    with plain_user(tmp_path), pytest.raises(InputError) as told:
        checkpoints.check_files(Path())
    assert str(told.value).startswith("model.safetensors: Permission denied; give this user the right")


def test_weights_for_which_there_is_no_further_handle(tmp_path):
    write_shards(tmp_path, ["model.safetensors"])
    checkpoints.check_files(tmp_path)  # imports what it needs
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with (
        Path("/dev/null").open() as last,
        pytest.raises(InputError, match=r"safetensors: Too many open files"),
    ):
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno() + 2, limits[1]))
        try:
            names, states = checkpoints._sizes(tmp_path), []
            checkpoints._sizes, kept = (lambda folder: names), checkpoints._sizes
            with contextlib.suppress(OSError):
                while True:
                    states.append(os.open("/dev/null", os.O_RDONLY))
            checkpoints.check_files(tmp_path)
        finally:
            checkpoints._sizes = kept
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            for held in states:
                os.close(held)


@pytest.mark.parametrize("stage", [True, False])
def test_only_what_a_stage_makes_may_be_deleted(tmp_path, stage):
    write_shards(tmp_path, ["model.safetensors"])
    (tmp_path / "model.safetensors").write_bytes(b"cut")
    if stage:
        write_digest(tmp_path)
    with pytest.raises(InputError, match="not a whole safetensors file") as told:
        checkpoints.check_files(tmp_path)
    assert ("delete the folder" in str(told.value)) == stage


def test_weights_of_a_file_system_whose_clock_is_ahead_are_read_twice(
    folder, reads, monkeypatch, tmp_path_factory
):
    """The clock that nobody sets tells how long they have stayed as they are."""
    digest, store = write_digest(folder), tmp_path_factory.mktemp("rows")
    reads.clear()
    now, passed = time.time_ns() - 3600 * 10**9, [0]
    monkeypatch.setattr(checkpoints.time, "time_ns", lambda: now)
    monkeypatch.setattr(checkpoints.time, "monotonic_ns", lambda: passed[0])
    for batch in range(5):
        passed[0] = batch * 3 * 10**9
        weights_read.check(folder, digest, store)
    assert len(reads) == 2 and len(list(store.rglob("*.read"))) == 1
    replaced(folder / "model-1.safetensors", "in place")
    with pytest.raises(InputError, match="not the weights"):
        weights_read.check(folder, digest, store)
