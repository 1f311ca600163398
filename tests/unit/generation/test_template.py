"""Chat templates of real models are taken as they are; those that lose a prompt or print a day are not."""

import json
import shutil
from datetime import datetime

import pytest
from helpers.chat_templates import GEMMA, NOT_SPECIAL, QWEN, REAL, with_template
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

from tms.generation.chat import DATE, ChatFormat
from tms.io.errors import InputError
from tms.training.encoder import Encoder


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "model")


@pytest.fixture(params=REAL)
def real(tiny_model, tmp_path, request):
    """Name of a real model, and a folder with its template."""
    return request.param, with_template(tiny_model, tmp_path / "real", request.param)


def rendered(chat, *messages, **more):
    """What transformers makes of a chat by itself."""
    turns = [
        {"role": role, "content": text} for role, text in zip(("user", "assistant"), messages, strict=False)
    ]
    return chat.tokenizer.apply_chat_template(
        turns, add_generation_prompt=len(messages) == 1, tokenize=False, date_string=DATE, **more
    )


def test_a_real_template_is_used_as_it_is(real):
    name, folder = real
    chat = ChatFormat(folder)
    day = {"strftime_now": datetime(2024, 7, 26).strftime} if name == "granite" else {}
    text = rendered(chat, "What is 3+4?", **day)
    assert "What is 3+4?" in text
    assert chat.prompt_ids("What is 3+4?") == chat.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_the_trained_end_is_the_one_that_the_template_writes(real):
    name, folder = real
    encoder = Encoder(folder)
    tokenizer = encoder.chat.tokenizer
    end = tokenizer.convert_tokens_to_ids(REAL[name][-1])
    ids = encoder.completion({"source": "teacher", "completion": "it is 7"})
    assert ids == [*tokenizer("it is 7", add_special_tokens=False)["input_ids"], end]
    stops = {end, tokenizer.eos_token_id}
    assert encoder.chat.end_token_ids == sorted(stops)
    for stop in stops:
        assert encoder.chat.text([*ids[:-1], stop]) == "it is 7"


@pytest.mark.parametrize("quoted", ["{}", "a {} b", "{}{}", "{0}\n{0}assistant"])
def test_control_tokens_of_a_text_are_text(real, quoted):
    """In a user's prompt and in a teacher's answer, for every token with which a template marks turns."""
    name, folder = real
    encoder = Encoder(folder)
    tokenizer = encoder.chat.tokenizer
    tokens = [*filter(None, [*REAL[name][1], *REAL[name][2:]]), *NOT_SPECIAL.get(name, [])[:2]]
    control = set(tokenizer.convert_tokens_to_ids(tokens)) - {tokenizer.unk_token_id}
    assert len(control) >= 2 or name == "zephyr"
    frame = [token for token in encoder.prompt({"prompt": "x"}) if token in control]
    for token in tokens:
        text = quoted.format(token, token)
        assert [found for found in encoder.prompt({"prompt": text}) if found in control] == frame
        *answer, end = encoder.completion({"source": "teacher", "completion": text})
        assert end == encoder.end and not control & set(answer)


def test_tokens_that_come_apart_do_not_come_together_again(tiny_model):
    chat = ChatFormat(tiny_model)
    for text in ("<|im_<|im_end|>end|>", "<|im_end|><|im_<|im_start|>end|>", "<<|im_end|>|im_end|>"):
        assert "<|im_end|>" not in chat.plain(text) and "<|im_start|>" not in chat.plain(text)


@pytest.mark.parametrize("text", ["", "3+4", "a <b> | c", "<|im_end", "im_end|>", "x < 3 > 2", "[INST]"])
def test_other_texts_stay(tiny_model, text):
    assert ChatFormat(tiny_model).plain(text) == text


def test_thoughts_of_a_teacher_stay_where_the_template_does_not_begin_them(tiny_model, tmp_path):
    chat = ChatFormat(with_template(tiny_model, tmp_path / "real", "qwen3"))
    assert chat.plain("<think>3</think>7") == "<think>3</think>7"


@pytest.mark.parametrize("name", ["llama3", "granite"])
def test_a_prompt_is_the_same_on_two_days(tiny_model, tmp_path, monkeypatch, name):
    folder = with_template(tiny_model, tmp_path / "real", name)
    prompts = set()
    for year in (2025, 2031):

        class Clock(datetime):
            @classmethod
            def now(cls, zone=None, year=year):
                return cls(year, 5, 4)

        monkeypatch.setattr(chat_template_utils, "datetime", Clock)
        chat = ChatFormat(folder)
        today = chat.tokenizer.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False)
        assert str(year) in today  # without the pinned day
        prompts.add(tuple(chat.prompt_ids("x")))
    assert len(prompts) == 1


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ messages[0]['content'][0]['text'] }}", "leaves out the user's prompt, or parts of it"),
        ("{% for part in messages[0]['content'] %}{{ part['text'] }}{% endfor %}", "leaves out"),
        ("{% for m in messages %}{% if m.role == 'human' %}{{ m.content }}{% endif %}{% endfor %}", "leaves"),
        ("<|im_start|>assistant\n", "leaves out"),
        ("{{ messages[0]['content'][0] }}", "leaves out"),
        ("{{ messages[0]['content'][:20] }}", "leaves out"),
        ("{{ messages[0]['content'].split('\\n')[0] }}", "leaves out"),
        ("{{ messages[0]['content'] | e }}", "leaves out"),
        ("{{ messages[0]['content'] | upper }}", "leaves out"),
        ("{{ messages[0]['content'] | tojson }}", "leaves out"),
        ("{{ messages[0]['content'] | length }}: {{ messages[0]['content'] }}", "other text around one"),
        ("{{ messages[0].content[0] }}: {{ messages[0].content }}", "other text around one"),
        ("{{ messages[0].content }}{% if '?' in messages[0].content %}!{% endif %}", "other text"),
        ("{{ messages[0]['content'] + 1 }}", "its chat template fails on a prompt"),
        ("{{ messages[0]['content'] ", "its chat template fails on a prompt"),
        ("{{ raise_exception('no system message') }}", r"fails on a prompt \(no system message\)"),
    ],
)
def test_a_template_that_loses_a_prompt_is_named_at_open(folder, template, message):
    (folder / "chat_template.jinja").write_text(template)
    with pytest.raises(InputError, match=message) as error:
        ChatFormat(folder)
    line = str(error.value)
    assert str(folder) in line and "\n" not in line


def without_template(folder, **config):
    (folder / "chat_template.jinja").unlink()
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | config))


def test_named_templates(folder):
    named = [{"name": "tool_use", "template": "x"}, {"name": "rag", "template": "y"}]
    without_template(folder, chat_template=named)
    with pytest.raises(InputError, match="are named tool_use, rag, and none is the default; put the one"):
        ChatFormat(folder)
    (folder / "chat_template.jinja").touch()
    without_template(folder, chat_template=[*named, {"name": "default", "template": QWEN}])
    assert ChatFormat(folder).tokenizer.chat_template == QWEN


@pytest.mark.parametrize("template", [QWEN, [{"name": "default", "template": QWEN}]])
def test_the_template_of_a_processor_is_read(folder, template):
    without_template(folder)
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    assert ChatFormat(folder).tokenizer.chat_template == QWEN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a readable chat template"),
        ("{}", "not a readable chat template"),
        ('{"chat_template": ""}', "no chat template"),
        ('{"chat_template": [{"name": "rag", "template": "x"}]}', "named rag, and none is the default"),
    ],
)
def test_a_processor_without_a_usable_template(folder, text, message):
    without_template(folder)
    (folder / "chat_template.json").write_text(text)
    with pytest.raises(InputError, match=message):
        ChatFormat(folder)


def test_the_tokenizers_own_template_goes_first(folder):
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": GEMMA}))
    assert ChatFormat(folder).tokenizer.chat_template != GEMMA


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "generation_config.json: not a readable generation config"),
        ("[]", "generation_config.json: not a readable generation config"),
        ('{"eos_token_id": "</s>"}', "give token ids"),
        ('{"eos_token_id": [2, "</s>"]}', "give token ids"),
    ],
)
def test_a_generation_config_without_usable_ends(folder, config, message):
    (folder / "generation_config.json").write_text(config)
    with pytest.raises(InputError, match=message):
        ChatFormat(folder)


def test_a_turns_end_that_is_only_in_the_vocabulary(folder):
    from tokenizers import Tokenizer, models, pre_tokenizers

    ids = {"<eos>": 0, "<user>": 1, "<turn>": 2, "a": 3, "?": 4}
    words = Tokenizer(models.WordLevel(ids, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<eos>", unk_token="?")
    tokenizer.chat_template = "{% for m in messages %}<user> {{ m.content }} <turn> {% endfor %}"
    tokenizer.save_pretrained(folder)
    (folder / "generation_config.json").write_text('{"eos_token_id": 0}')
    chat = ChatFormat(folder)
    assert (chat.end, chat.end_token_ids) == (2, [0, 2])
    assert chat.prompt_ids("a <turn> a") == [1, 3, 3, 2]


def test_a_tokenizer_without_control_tokens_keeps_every_text(folder):
    """Its end is a plain word."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"a": 0, "end": 1}))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words)
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }} end {% endfor %}"
    tokenizer.save_pretrained(folder)
    (folder / "generation_config.json").write_text('{"eos_token_id": 1}')
    assert ChatFormat(folder).plain("a end a") == "a end a"
