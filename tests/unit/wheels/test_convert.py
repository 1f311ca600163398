"""A GGUF file becomes the model that it was written from, with its tokenizer."""

import gguf
import numpy as np
import pytest
import torch
from helpers import gguf_file
from helpers.llama_cpp import permuted
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tms.io.errors import InputError
from tms.wheels import gguf_weights
from tms.wheels.convert import convert

IDS = torch.arange(3, 19)[None]


@pytest.fixture(scope="module")
def model():
    torch.set_num_threads(1)
    return gguf_file.random_llama()


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    """The model written as llama.cpp's converter does, in float32, and converted."""
    place = tmp_path_factory.mktemp("converted")
    convert(gguf_file.write(place / "model.gguf", model), place)
    return place


@pytest.fixture(scope="module")
def tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


def test_rows_of_heads_by_hand():
    rows = np.arange(16.0)[:, None]
    assert gguf_weights.halves_of_heads(rows, 2)[:, 0].tolist() == [
        *(0, 2, 4, 6, 1, 3, 5, 7),
        *(8, 10, 12, 14, 9, 11, 13, 15),
    ]


@given(heads=st.integers(1, 5), half=st.integers(1, 6))
def test_it_undoes_llama_cpps_permutation(heads, half):
    weight = np.arange(heads * 2 * half * 3.0).reshape(-1, 3)
    assert np.array_equal(gguf_weights.halves_of_heads(permuted(weight, heads), heads), weight)


def test_the_converted_model_computes_what_the_first_did(model, folder):
    converted = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        assert torch.equal(converted(IDS).logits, model(IDS).logits)
    again = folder / "again"
    converted.save_pretrained(again)
    assert load_file(again / "model.safetensors").keys() == load_file(folder / "model.safetensors").keys()


def test_a_head_of_its_own_is_kept(tmp_path):
    untied = gguf_file.random_llama(tied=False)
    convert(gguf_file.write(tmp_path / "model.gguf", untied), tmp_path)
    converted = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    with torch.no_grad():
        assert torch.equal(converted(IDS).logits, untied(IDS).logits)


@pytest.mark.parametrize("quantisation", ["Q4_1", "Q8_0"])
def test_quantised_rows_come_back_in_their_order(quantisation, model, tmp_path):
    """Blocks lie within a row, so the order of the rows changes none."""
    convert(gguf_file.write(tmp_path / "model.gguf", model, quantisation), tmp_path)
    kind = gguf.GGMLQuantizationType[quantisation]
    stored = load_file(tmp_path / "model.safetensors")
    for name, parameter in model.named_parameters():
        weight = parameter.detach().numpy()
        if weight.ndim == 2:
            weight = gguf.dequantize(gguf.quantize(weight, kind), kind)
        assert torch.equal(stored[name], torch.tensor(weight).bfloat16()), name


def test_the_settings(folder, tokenizer):
    config = AutoModelForCausalLM.from_pretrained(folder).config
    assert (config.rms_norm_eps, config.rope_parameters["rope_theta"]) == (1e-5, 5000.0)
    assert config.dtype == torch.bfloat16
    assert config.eos_token_id == tokenizer.eos_token_id == 2
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token, tokenizer.unk_token) == (
        *("<|im_start|>", "<|im_end|>", "<|im_end|>", "<|endoftext|>"),
    )
    turn = [{"role": "user", "content": "ab"}]
    assert tokenizer.apply_chat_template(turn, tokenize=False) == "<|im_start|>ab<|im_end|>"


def test_numbers_are_split_into_digits(tokenizer):
    assert tokenizer.tokenize("ab 123 abc1½") == ["ab", "Ġ", "1", "2", "3", "Ġ", "abc", "1", "Â", "½"]
    assert tokenizer.tokenize("<|im_start|>ab<|im_end|>") == ["<|im_start|>", "ab", "<|im_end|>"]


@given(st.text())
def test_text_comes_back(tokenizer, text):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids, skip_special_tokens=False) == text


FAULTS = {
    "architecture qwen2": {"values": {"general.architecture": "qwen2"}},
    "tokenizer gpt2/llama-bpe": {"values": {"tokenizer.ggml.pre": "llama-bpe"}},
    "no chat template": {"values": {"tokenizer.chat_template": None}},
    "no 'llama.rope.freq_base'": {"values": {"llama.rope.freq_base": None}},
    "tensor blk.0.attn_q.bias": {"rename": {"blk.0.attn_norm.weight": "blk.0.attn_q.bias"}},
    "positions scaled by linear": {"values": {"llama.rope.scaling.type": "linear"}},
    "rope_freqs": {"rename": {"blk.0.attn_norm.weight": "rope_freqs.weight"}},
    "model.layers.1.mlp.up_proj.weight: missing": {"rename": {"blk.1.ffn_up.weight": None}},
    "model.layers.0.mlp.down_proj.weight: missing, or of another shape": {
        "values": {"llama.feed_forward_length": 128}
    },
}


@pytest.mark.parametrize("words", FAULTS)
def test_what_is_not_read_is_one_line(words, model, tmp_path):
    file = gguf_file.write(tmp_path / "model.gguf", model, **FAULTS[words])
    with pytest.raises(InputError, match=r"^model\.gguf: ") as told:
        convert(file, tmp_path)
    assert words in str(told.value) and "\n" not in str(told.value)


def test_an_unknown_quantisation_is_one_line(folder, monkeypatch):
    def refuse(data, kind):
        raise NotImplementedError

    monkeypatch.setattr("gguf.quants.dequantize", refuse)
    with pytest.raises(InputError, match=r"model\.gguf: tensor .*: quantisation F32 is not read"):
        convert(folder / "model.gguf", folder)


def test_a_broken_file_is_one_line(folder, tmp_path):
    for name, content in {
        "text.gguf": b"no model",
        "cut.gguf": (folder / "model.gguf").read_bytes()[:9000],
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=f"{name}: not a whole GGUF file"):
            convert(tmp_path / name, tmp_path)
