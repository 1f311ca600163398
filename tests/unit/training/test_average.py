"""Averages of a base with a run against closed forms, torch's own mean, and what transformers loads."""

import json
import shutil

import pytest
import torch
from helpers import tiny_models
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tms.io.errors import InputError
from tms.model_folder.digest import weights_digest
from tms.model_folder.load import load_model
from tms.model_folder.weights_record import RECORD, UPDATE
from tms.model_folder.whole import open_weights
from tms.training import average, update

SHARDED = {"max_shard_size": "20KB"}


@pytest.fixture(scope="module")
def trained(tiny_model, tmp_path_factory):
    """A checkpoint of the base, with other weights."""
    return tiny_models.variant(tiny_model, tmp_path_factory.mktemp("run") / "checkpoint-1of1", seed=5)


def stored(folder):
    return {name: weight for file in folder.glob("*.safetensors") for name, weight in load_file(file).items()}


def resaved(folder, target, dtype=torch.float32, **keys):
    """A model folder saved anew, in another precision or in files of another size."""
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.safetensors", RECORD))
    AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).save_pretrained(target, **keys)
    return target


def test_half_is_the_mean_and_the_folder_is_a_whole_model(tiny_model, trained, tmp_path):
    measured = average.write(tiny_model, [trained], 0.5, tmp_path / "average")
    start, end, found = map(stored, (tiny_model, trained, tmp_path / "average"))
    assert found.keys() == end.keys() and "lm_head.weight" not in found  # tied
    assert all(torch.equal(found[name], torch.stack([start[name], end[name]]).mean(0)) for name in found)
    digest = open_weights(tmp_path / "average")
    assert digest not in (weights_digest(tiny_model), weights_digest(trained))
    names = {file.name for file in trained.iterdir()} | {UPDATE}
    assert {file.name for file in (tmp_path / "average").iterdir()} == names
    assert (tmp_path / "average" / "chat_template.jinja").read_text() == tiny_models.TURNS
    assert json.loads((tmp_path / "average" / UPDATE).read_text()) == measured
    moved = sum((end[name] - start[name]).square().sum() for name in found) / measured["weights"]
    assert measured["update_rms"] == pytest.approx(0.5 * float(moved) ** 0.5, rel=1e-4)
    assert measured["surviving"] == pytest.approx(1, abs=1e-6)
    model = load_model(tmp_path / "average", torch.float32)
    assert torch.equal(model.lm_head.weight, model.model.embed_tokens.weight)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("share", [1e-15, 0.25, 0.75, 1 - 1e-15])
def test_the_way_from_the_base_to_the_run(dtype, share):
    start, end = (torch.randn(50, 7, generator=torch.Generator().manual_seed(i)).to(dtype) for i in (0, 1))
    found = average.averaged(start, [end], share)
    exact = start.double() + share * (end.double() - start.double())
    assert found.dtype == dtype and torch.equal(found, exact.to(dtype))
    near = start if share < 0.1 else end if share > 0.9 else None
    assert near is None or torch.equal(found, near)


@given(st.floats(0.01, 0.99), st.integers(0, 1000))
def test_weights_that_training_left_alone_stay(share, seed):
    weight = torch.randn(64, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(average.averaged(weight, [weight.clone()], share), weight)


def test_integers_are_the_runs_and_other_layouts_change_nothing():
    start, end = torch.randn(9, 5), torch.randn(5, 9)
    assert torch.equal(average.averaged(start, [end.T], 0.3), average.averaged(start, [end.T.clone()], 0.3))
    whole = torch.arange(45).view(9, 5)
    assert torch.equal(average.averaged(start, [whole], 0.3), whole)


def test_parts_change_nothing(tiny_model, trained, tmp_path, monkeypatch):
    base = resaved(tiny_model, tmp_path / "base")
    runs = [resaved(trained, tmp_path / "run", torch.bfloat16, **SHARDED), tmp_path / "run"]
    others = {"step": torch.tensor(3.5), "none": torch.zeros(0, 4), "ids": torch.arange(9)}
    for folder in (base, runs[0]):
        for name, weight in others.items():
            save_file({name: weight}, folder / f"{name}.safetensors")
    whole = average.write(base, runs, 0.3, tmp_path / "whole")
    monkeypatch.setattr(update, "AT_ONCE", 1000)
    parts = average.write(base, runs, 0.3, tmp_path / "parts")
    assert parts.pop("dtype") == whole.pop("dtype") == "bfloat16"
    assert parts == pytest.approx(whole, rel=1e-6)
    names = sorted(file.name for file in (tmp_path / "whole").glob("*.safetensors"))
    assert len(names) > 4
    for name in names:
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_files_and_precisions_are_the_checkpoints(tiny_model, trained, tmp_path):
    base = resaved(tiny_model, tmp_path / "base", torch.float32)
    run = resaved(trained, tmp_path / "run", torch.bfloat16, **SHARDED)
    files = sorted(run.glob("*.safetensors"))
    weights = load_file(files[0])
    mixed = next(iter(weights))
    weights[mixed] = weights[mixed].float()  # kept in float32 beside the others
    save_file(weights, files[0], metadata={"format": "pt"})
    measured = average.write(base, [run], 0.25, tmp_path / "average")
    assert [file.name for file in files] == sorted(
        path.name for path in (tmp_path / "average").glob("*.safetensors")
    )
    assert len(files) > 1
    open_weights(tmp_path / "average")
    start, end, found = map(stored, (base, run, tmp_path / "average"))
    assert {name for name, weight in found.items() if weight.dtype == torch.float32} == {mixed}
    for name, weight in found.items():
        exact = 0.75 * start[name].double() + 0.25 * end[name].double()
        torch.testing.assert_close(weight, exact.to(weight.dtype), rtol=0.004, atol=1e-7)
    assert measured["dtype"] == "bfloat16" and 0.99 < measured["surviving"] < 1
    assert load_model(tmp_path / "average", torch.float32)


def test_several_checkpoints_count_alike(tiny_model, trained, tmp_path):
    """A soup: the mean of a run's checkpoints; of equal ones it is that checkpoint to the last bit."""
    second = tiny_models.variant(tiny_model, tmp_path / "second", seed=6)
    average.write(tiny_model, [trained, second], 1, tmp_path / "soup")
    average.write(tiny_model, [trained, second], 0.5, tmp_path / "half")
    base, first, last, soup, half = map(
        stored, (tiny_model, trained, second, tmp_path / "soup", tmp_path / "half")
    )
    for name, weight in soup.items():
        assert torch.equal(weight, torch.stack([first[name], last[name]]).double().mean(0).float())
        exact = 0.5 * base[name].double() + 0.25 * first[name].double() + 0.25 * last[name].double()
        torch.testing.assert_close(half[name].double(), exact, rtol=1e-6, atol=1e-9)
    average.write(tiny_model, [trained] * 3, 1, tmp_path / "same")
    assert weights_digest(tmp_path / "same") == weights_digest(trained)
    assert open_weights(tmp_path / "soup")


def test_several_adapters_have_no_mean(tiny_model, tmp_path):
    runs = [tiny_models.with_adapters(tiny_model, tmp_path / f"run{seed}", seed=seed) for seed in (3, 4)]
    with pytest.raises(InputError, match="adapters of several checkpoints have no mean of their rank"):
        average.write(tiny_model, runs, 0.5, tmp_path / "average")
    assert not (tmp_path / "average").exists()


def test_adapters_keep_their_weights_and_take_a_share_of_their_scale(tiny_model, tmp_path):
    run = tiny_models.with_adapters(tiny_model, tmp_path / "run", seed=3)
    measured = average.write(tiny_model, [run], 0.25, tmp_path / "average")
    assert weights_digest(tmp_path / "average") != weights_digest(run)
    start, end, found = (
        load_model(folder, torch.float32).state_dict() for folder in (tiny_model, run, tmp_path / "average")
    )
    for name in found:
        torch.testing.assert_close(
            found[name], start[name] + 0.25 * (end[name] - start[name]), rtol=0, atol=1e-6
        )
    assert measured["surviving"] == 1 and 0 < measured["changed"] < 1


def test_weights_of_another_model_are_refused_by_name(tiny_model, trained, tmp_path):
    other = tiny_models.variant(tiny_model, tmp_path / "other", seed=1, intermediate_size=48)
    with pytest.raises(InputError, match=rf"{other}: no weight model.layers.0.mlp.down_proj.weight of .*64"):
        average.write(other, [trained], 0.5, tmp_path / "average")
    assert not (tmp_path / "average").exists()


def test_a_full_disk_gets_its_room_back(tiny_model, trained, tmp_path, monkeypatch):
    def full(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(average, "write_digest", full)
    with pytest.raises(OSError, match="No space left"):
        average.write(tiny_model, [trained], 0.5, tmp_path / "average")
    assert list(tmp_path.iterdir()) == []
