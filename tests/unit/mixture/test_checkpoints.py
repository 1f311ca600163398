"""Names, steps and weights digests of checkpoints."""

import os
import stat
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.io.errors import InputError
from tms.mixture.checkpoints import (
    evenly_spaced,
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


def test_a_folder_without_weights_is_named(tmp_path):
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match=r"no \*\.safetensors file there"):
            weights_digest(place)


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
