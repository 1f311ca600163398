"""How much of an update a precision keeps, against closed forms."""

import pytest
import torch
from safetensors.torch import save_file

from tms.training import update

STEP = 2**-7  # of bfloat16 between 1 and 2


def measured(tmp_path, weights, dtype=torch.bfloat16):
    """Of weights whose theta_0 is 1 everywhere."""
    start = {name: torch.ones_like(value, dtype=dtype) for name, value in weights.items()}
    save_file(start, tmp_path / "model.safetensors")
    stored = {name: value.to(dtype) for name, value in weights.items()}
    kept_of = update.of_weights(weights, stored)
    return update.measure(update.with_base(kept_of, tmp_path), torch.device("cpu"), dtype)


def test_less_than_half_a_step_is_lost(tmp_path):
    found = measured(tmp_path, {"a": torch.full((10,), 1 + 0.4 * STEP)})
    assert (found["weights"], found["changed"], found["surviving"]) == (10, 0, 0)
    assert found["update_rms"] == pytest.approx(0.4 * STEP, rel=1e-4)
    assert found["dtype"] == "bfloat16"


def test_whole_steps_are_kept(tmp_path):
    found = measured(tmp_path, {"a": torch.tensor([1 + STEP, 1, 1 + 3 * STEP])})
    assert (found["changed"], found["surviving"]) == (pytest.approx(2 / 3), 1)


def test_a_mixture_counts_by_squared_norm(tmp_path, monkeypatch):
    # 0.7 of a step becomes 1 (0.3 wrong), 0.4 becomes 0.
    weights = {"a": torch.tensor([1 + 0.7 * STEP]), "b": torch.tensor([1 + 0.4 * STEP, 1.0])}
    expected = 1 - (0.3**2 + 0.4**2) / (0.7**2 + 0.4**2)
    for at_once in (update.AT_ONCE, 1):
        monkeypatch.setattr(update, "AT_ONCE", at_once)
        found = measured(tmp_path, weights)
        assert found["changed"] == pytest.approx(1 / 3)
        assert found["surviving"] == pytest.approx(expected, rel=1e-3)


def test_float32_loses_nothing(tmp_path):
    found = measured(tmp_path, {"a": torch.tensor([1 + 1e-6, 1.0])}, torch.float32)
    assert (found["changed"], found["surviving"], found["dtype"]) == (0.5, 1, "float32")


def test_tied_weights_count_once_and_an_equal_model_has_no_update(tmp_path):
    shared = torch.ones(4)
    found = measured(tmp_path, {"head": shared, "embedding": shared})
    assert (found["weights"], found["changed"], found["surviving"]) == (4, 0, None)
