"""Sizes of model folders: what cannot be read is told as what it is."""

from pathlib import Path

import numpy
import pytest
from helpers.plain_user import plain_user
from safetensors.numpy import save_file

from tms.cost_estimate.model_sizes import folder_size
from tms.io.errors import InputError


def test_weights_that_this_user_may_not_read(tmp_path):
    save_file({"a": numpy.zeros(2)}, tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").chmod(0)
    with plain_user(tmp_path), pytest.raises(InputError) as told:
        folder_size(Path())
    assert str(told.value).startswith("model.safetensors: Permission denied; give this user the right")


def test_damaged_weights_of_a_user_s_own_are_not_to_be_deleted(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(InputError, match="not a whole safetensors file") as told:
        folder_size(tmp_path)
    assert "delete" not in str(told.value)
