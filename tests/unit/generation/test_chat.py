"""Prompts go through the model's own template, with a pinned date; incomplete folders are refused."""

import json
import shutil
from random import Random

import pytest

from tms.generation.chat import DATE, ChatFormat
from tms.io.errors import InputError


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "model")


def set_template(folder, template):
    (folder / "chat_template.jinja").write_text(template)


def test_prompt_ids_and_text(tiny_model):
    chat = ChatFormat(tiny_model)
    ids = chat.prompt_ids("3+4")
    whole = chat.tokenizer.decode(ids)
    assert whole.startswith("<|im_start|>user") and whole.endswith("<|im_start|>assistant\n")
    assert all(isinstance(token, int) for token in ids)
    answer = chat.tokenizer("7", add_special_tokens=False)["input_ids"]
    assert chat.text([*answer, *chat.end_token_ids]) == "7"
    assert chat.context_length == 256


@pytest.mark.parametrize("cleaned", [False, True])
@pytest.mark.parametrize("model", ["BPE", "WordPiece"])
def test_text_is_what_the_tokenizer_decodes(folder, cleaned, model):
    """transformers takes spaces before punctuation away where the folder says so, but for BPE."""
    file = folder / "tokenizer_config.json"
    keys = json.loads(file.read_text()) | {"clean_up_tokenization_spaces": cleaned}
    file.write_text(json.dumps(keys))
    if model == "WordPiece":
        whole = json.loads((folder / "tokenizer.json").read_text())
        vocabulary = {**whole["model"]["vocab"], "[UNK]": len(whole["model"]["vocab"])}
        whole["model"] = {"type": "WordPiece", "vocab": vocabulary, "unk_token": "[UNK]"}
        whole["model"] |= {"continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
        whole["decoder"] = {"type": "WordPiece", "prefix": "##", "cleanup": False}
        (folder / "tokenizer.json").write_text(json.dumps(whole))
    chat = ChatFormat(folder)
    random = Random(0)
    rows = [random.choices(range(3, 78), k=length) for length in range(80)]
    texts = [chat.tokenizer.decode(ids, skip_special_tokens=True) for ids in rows]
    assert [chat.text(ids) for ids in rows] == texts
    plain = [chat.tokenizer.backend_tokenizer.decode(ids) for ids in rows]
    assert (plain != texts) == (cleaned and model == "WordPiece")


def test_word_level_tokenizer_of_a_qwen2_folder_is_read_as_it_is(folder):
    """AutoTokenizer would encode every text to nothing here."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"<pad>": 0, "<end>": 1, "how": 2, "many": 3}, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<end>", pad_token="<pad>")
    tokenizer.chat_template = "{{ messages[0]['content'] }}"
    tokenizer.save_pretrained(folder)
    assert ChatFormat(folder).prompt_ids("how many") == [2, 3]


def test_date_is_pinned(folder):
    set_template(folder, "{{ date_string }}{{ messages[0]['content'] }}")
    chat = ChatFormat(folder)
    expected = chat.tokenizer(DATE + "7", add_special_tokens=False)["input_ids"]
    assert chat.prompt_ids("7") == expected


def test_digest_follows_the_template(folder):
    before = ChatFormat(folder).template_digest
    assert ChatFormat(folder).template_digest == before
    set_template(folder, "{{ messages[0]['content'] }}")
    assert ChatFormat(folder).template_digest != before


def test_end_tokens_of_the_generation_config(folder):
    assert ChatFormat(folder).end_token_ids == [2]
    path = folder / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "eos_token_id": [5, 2]}))
    assert ChatFormat(folder).end_token_ids == [2, 5]
    path.unlink()
    assert ChatFormat(folder).end_token_ids == [2]


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("tokenizer.json", "tokenizer.json"),
        ("chat_template.jinja", "chat template"),
        ("config.json", "config.json"),
    ],
)
def test_incomplete_folder(folder, missing, message):
    (folder / missing).unlink()
    with pytest.raises(InputError, match=message):
        ChatFormat(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"max_position_embeddings": "256"},
        {"max_position_embeddings": None},
        {"max_position_embeddings": True},
        {"max_position_embeddings": 0},
        {"max_position_embeddings": [256]},
        {"model_type": [], "text_config": {}},
        {"hidden_size": "x", "text_config": {}},
    ],
)
def test_a_config_with_values_of_other_types_is_one_line(folder, change):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=r"config\.json") as told:
        ChatFormat(folder)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("error", [MemoryError(), OSError(24, "Too many open files")])
def test_a_machine_that_refuses_is_no_fault_of_the_tokenizer(folder, monkeypatch, error):
    from transformers import PreTrainedTokenizerFast

    def refuse(*given, **more):
        raise error

    monkeypatch.setattr(PreTrainedTokenizerFast, "from_pretrained", refuse)
    with pytest.raises(InputError, match=r"tokenizer\.json: (out of memory|Too many open files)") as told:
        ChatFormat(folder)
    assert "download" not in str(told.value)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"max_position_embeddings": None}, 32768),  # Qwen2's default
        ({"model_type": "gpt2", "n_positions": 77, "max_position_embeddings": None}, 77),
        ({"model_type": "gemma3", "text_config": {"max_position_embeddings": 88}}, 88),
    ],
)
def test_context_length_as_transformers_reads_it(folder, change, expected):
    path = folder / "config.json"
    config = json.loads(path.read_text()) | change
    path.write_text(json.dumps({name: value for name, value in config.items() if value is not None}))
    assert ChatFormat(folder).context_length == expected


def test_template_that_refuses(folder):
    set_template(folder, "{{ raise_exception('no user message allowed') }}")
    with pytest.raises(InputError, match="no user message allowed"):
        ChatFormat(folder).prompt_ids("7")
