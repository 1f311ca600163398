"""Towers of models that read images: parameters against transformers' classes, bytes in closed form."""

import json
from dataclasses import replace

import pytest
import torch

from tms.memory_plan.architecture import architecture, parameters
from tms.memory_plan.shapes import ROWS, StepMemory, StepShape
from tms.memory_plan.towers import Towers, reading_bytes, training_bytes

OMNI = "models/hub/Qwen2.5-Omni-3B"
STEP = StepMemory(weights=10, gradients=10, optimiser=20, activations=30, working=5)
SHAPE = StepShape({}, ROWS, processes=4, sharded=False, rows=3, tokens=100, recompute=False)
SMALL = Towers(vision=1000, audio=200, patches=4, hidden=8, inner=16, depth=2, values=6)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_shipped_keys_are_those_of_the_thinker():
    """All of the hub's 5,537,120,672 numbers, with talker and vocoder of their own, but 32."""
    from transformers import Qwen2_5OmniThinkerConfig, Qwen2_5OmniThinkerForConditionalGeneration

    from tms.memory_plan.architecture import config

    with torch.device("meta"):
        model = Qwen2_5OmniThinkerForConditionalGeneration(
            Qwen2_5OmniThinkerConfig(**config(OMNI)["thinker_config"])
        )
    towers, keys = Towers.of(OMNI), architecture(OMNI)
    assert (towers.vision, towers.audio) == (count(model.visual), count(model.audio_tower))
    assert parameters(keys) == count(model.model) + count(model.lm_head)
    talker_and_vocoder = 384_604_928 + 449_051_264
    assert parameters(keys) + towers.parameters + talker_and_vocoder == 5_537_120_672 - 32


def test_a_qwen2_5_vl_of_ones_own(tmp_path):
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    text = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "vocab_size": 300}
    text |= {"num_attention_heads": 4, "num_key_value_heads": 2}
    vision = {"depth": 3, "hidden_size": 32, "intermediate_size": 40, "num_heads": 4, "out_hidden_size": 64}
    vision |= {"patch_size": 6, "spatial_merge_size": 3}
    made = Qwen2_5_VLConfig(text_config=text, vision_config=vision, tie_word_embeddings=True)
    made.save_pretrained(tmp_path)
    with torch.device("meta"):
        model = Qwen2_5_VLForConditionalGeneration(made)
    towers, keys = Towers.of(str(tmp_path)), architecture(str(tmp_path))
    assert (towers.vision, towers.audio, towers.patches) == (count(model.model.visual), 0, 9)
    assert parameters(keys) == count(model.model.language_model)
    # Files from before transformers 5 have the decoder's keys beside the others.
    flat = {**text, "model_type": "qwen2_5_vl", "vision_config": vision, "tie_word_embeddings": True}
    (tmp_path / "config.json").write_text(json.dumps(flat))
    assert Towers.of(str(tmp_path)) == towers
    assert parameters(architecture(str(tmp_path))) == parameters(keys)


def test_a_model_of_text_has_none():
    for folder in ("models/hub/Qwen2.5-3B-Instruct", "models/none"):
        assert Towers.of(folder) == Towers() and Towers.of(folder).parameters == 0


def test_frozen_towers_have_weights_alone():
    """1,200 parameters: 4 bytes, in adapters' training 2; in shards a quarter, and gathered in 2 bytes."""
    assert training_bytes(SMALL, SHAPE, 0, False, STEP) == 4800
    lora = replace(SHAPE, lora={"rank": 4})
    assert training_bytes(SMALL, lora, 0, False, STEP) == 2400
    sharded = replace(SHAPE, sharded=True)
    assert training_bytes(SMALL, sharded, 0, False, STEP) == 1200 + 2400


def test_their_pass_is_over_before_the_decoder_keeps_anything():
    """4 patches a token, 4 bytes of 6 values, 8 vectors of 8 and 3 of 16: 472 bytes a patch."""
    assert SMALL.working(1) == 4 * 4 * (6 + 64 + 48) == 1888
    assert training_bytes(SMALL, SHAPE, 2, False, STEP) == 4800 + 2 * 1888 - 35
    large = replace(STEP, activations=10**6)
    assert training_bytes(SMALL, SHAPE, 2, False, large) == 4800


def test_a_trained_tower_has_states_and_activations():
    kept = 4 * 6 * 2 * (28 * 8 + 8 * 16)  # patches of six tokens, two blocks
    assert training_bytes(SMALL, SHAPE, 2, True, STEP) == 4800 + 12 * 1000 + kept + 2 * 1888
    again = replace(SHAPE, recompute=True)
    assert training_bytes(SMALL, again, 2, True, STEP) == 4800 + 12 * 1000 + 4 * 6 * 2 * 32 + 2 * 1888


@pytest.mark.parametrize("width", [2, 8])
def test_a_model_that_reads(width):
    assert reading_bytes(SMALL, width, 5) == width * 1200 + 5 * 1888
