"""Places of a run's outputs that cannot be made are one line."""

import argparse

import pytest

from tms.io import disk
from tms.training import program


def test_a_file_in_the_place_of_the_trajectory_is_told(tmp_path):
    (tmp_path / "trajectory").write_text("")
    args = argparse.Namespace(trajectory=tmp_path / "trajectory", output_root=tmp_path)
    with pytest.raises(OSError) as error:
        program.publish(args, tmp_path / "work", None, None)
    assert disk.refused(error.value).startswith(str(tmp_path / "trajectory"))
    assert disk.refused(error.value).endswith(disk.PLACE)
