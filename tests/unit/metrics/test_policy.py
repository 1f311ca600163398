"""Models for measurement are float32, wherever their weights lie; bfloat16 passes would have a floor."""

import shutil

import pytest
import torch
from helpers import tiny_models

from tms.io.errors import InputError
from tms.metrics.divergence import completion_logits, kl_N
from tms.metrics.floor import divergence_floor
from tms.metrics.policy import is_layer, load_policy, place, weight_bytes

SEQUENCES = [([5, 6, 7], list(range(8, 40))), ([9, 10], list(range(20, 30)))]


@pytest.fixture(scope="module")
def stored_in_bfloat16(tiny_model, tmp_path_factory):
    return tiny_models.variant(tiny_model, tmp_path_factory.mktemp("half") / "model", 0, "bfloat16")


def test_a_model_is_measured_in_float32_whatever_it_is_stored_in(stored_in_bfloat16):
    torch.set_float32_matmul_precision("high")  # TF32, as another program may set it
    model = load_policy(stored_in_bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert torch.get_float32_matmul_precision() == "highest"


def test_a_model_whose_weights_changed_in_place_is_not_measured(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match=r"not the weights that weights\.json beside it"):
        load_policy(folder)


def test_layers_that_do_not_fit_are_streamed_and_change_no_value(tiny_model):
    whole, parts = load_policy(tiny_model), load_policy(tiny_model)
    layers = [module for module in parts.modules() if is_layer(parts, module)]
    assert len(layers) > 1
    budget = weight_bytes(parts) - 1  # the last layer does not fit
    place(parts, torch.device("cpu"), budget)
    assert {parameter.device.type for parameter in layers[-1].parameters()} == {"meta"}
    assert {parameter.device.type for layer in layers[:-1] for parameter in layer.parameters()} == {"cpu"}
    for sequence in SEQUENCES:
        assert torch.equal(completion_logits(parts, sequence), completion_logits(whole, sequence))


def test_a_small_divergence_is_read_right_in_float32_alone(stored_in_bfloat16, tmp_path):
    model = load_policy(stored_in_bfloat16)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 1e-5 * torch.randn_like(parameter)
    model.save_pretrained(tmp_path)
    folders = (tmp_path, stored_in_bfloat16)
    floor = {
        dtype: divergence_floor(*folders, {"": SEQUENCES}, dtype)[""]["kl_per_token"]
        for dtype in (torch.float32, torch.bfloat16)
    }

    def read(dtype):
        return kl_N(*(completion_logits(load_policy(one, dtype=dtype), SEQUENCES[0]) for one in folders))

    exact, rounded = read(torch.float32).mean().item(), read(torch.bfloat16).mean().item()
    assert rounded > 20 * exact  # what bfloat16 reads is its floor, not the divergence
    assert floor[torch.float32] < 1e-6
    assert floor[torch.bfloat16] > 20 * floor[torch.float32]
