"""A chat template is a program of whoever made a folder: it has bounds, and each fault is one line."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
from helpers.chat_templates import QWEN
from helpers.cpu_limit import cpu_limit
from helpers.paths import SCRIPTS
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.export import tokenizer
from tms.generation import template as module
from tms.generation.chat import ChatFormat
from tms.io import bounded as bounds
from tms.io.bounded import bounded
from tms.io.errors import InputError

MANY = "{% for i in range(60) %}"
KEEPS = "{% for m in messages %}{{ m.content }}{% endfor %}"
LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
HOSTILE = {
    "nested loops": LOOP,
    "loops on one prompt alone": f"{KEEPS}{{% if 'Seine' in messages[0].content %}}{LOOP}{{% endif %}}",
    "a text of 10 GB": "{{ 'x' * 10000000000 }}",
    "a list of 10 GB": "{{ ([0] * 10000000000) | length }}",
    "a text that doubles": f"{{% set n = namespace(t='x') %}}{MANY}{{% set n.t = n.t + n.t %}}{{% endfor %}}",
    "numbers that square": "{% set n = namespace(x=9) %}" + MANY + "{% set n.x = n.x * n.x %}{% endfor %}",
    "a power": "{{ 10 ** 10 ** 10 }}",
    "a wide field": "{{ '%09999999999d' % 1 }}",
    "a macro that calls itself": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "a range of 10^12": "{% for i in range(10 * 1000 * 1000 * 1000 * 100) %}{% endfor %}",
    "the sandbox's way out": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "a file": "{% include '/etc/passwd' %}",
    "an unknown filter": "{{ messages | nothing }}",
    "an unfinished block": "{% for m in messages %}",
    "deep brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "deep blocks": "{% if true %}" * 3000 + "{% endif %}" * 3000,
    "an attribute of nothing": "{{ messages[0].a.b.c }}",
    "a division by zero": "{{ 1 // 0 }}",
    "it raises over lines": "{{ raise_exception('one\ntwo') }}",
    "it steers the terminal": "{{ raise_exception('\x1b[2J\x1b]0;x\x07') }}",
    "half of a surrogate pair": KEEPS + "{{ '\\ud800' }}",
    "two million signs": KEEPS + "{{ 'x' * 2000000 }}",
    "a template of 2 MB": KEEPS + "{# " + "x" * (2 << 20) + " #}",
    "a number": 5,
    "null": None,
    "a list of texts": ["x"],
    "a list of other entries": [{"name": "default"}],
    "a mapping": {"default": 5},
}


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "model")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Bounds of a tenth, so that the tests are quick."""
    monkeypatch.setattr(bounds, "CPU", 0.3)
    monkeypatch.setattr(module, "bounded", lambda: bounded(0.3, 100 << 20))


def put(folder, template):
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"chat_template": template}))


@pytest.mark.parametrize("name", HOSTILE)
def test_one_line_names_the_folder(folder, name):
    put(folder, HOSTILE[name])
    with cpu_limit(2), pytest.raises(InputError) as raised:
        ChatFormat(folder)
    line = str(raised.value)
    assert str(folder) in line and line.isprintable() and len(line) < 500


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[]", b"null", b'{"chat_template": 5}', b"{" * 10_000])
@pytest.mark.parametrize("name", ["chat_template.json", "chat_template.jinja"])
def test_a_file_that_is_no_template_is_one_line(folder, name, content):
    put(folder, None)
    (folder / name).write_bytes(content)
    with pytest.raises(InputError) as raised:
        ChatFormat(folder)
    assert str(folder) in str(raised.value) and str(raised.value).isprintable()


def test_an_export_tries_a_template_within_its_bounds(folder, tmp_path, monkeypatch):
    """An exported folder is opened without the date that a run gives its template."""
    monkeypatch.setattr(tokenizer, "bounded", lambda: bounded(0.3, 100 << 20))
    put(folder, f"{{% if date_string is not defined %}}{LOOP}{{% endif %}}{KEEPS}<|im_end|>")
    run, copy = ChatFormat(folder), tmp_path / "copy"
    shutil.copytree(folder, copy)
    with cpu_limit(5):
        tokenizer.settle(copy, run, [])
    assert (copy / "chat_template.jinja").read_text().startswith(tokenizer.DATED)


def test_each_prompt_has_its_bounds(folder):
    """A template may be harmless on the two prompts that it is tried on."""
    put(folder, f"{KEEPS}{{% if 'Po' in messages[0].content %}}{LOOP}{{% endif %}}<|im_end|>")
    chat = ChatFormat(folder)
    assert chat.prompt_ids("On the Seine lies Paris.")
    with cpu_limit(2), pytest.raises(InputError, match=r"fails on a prompt \(over 0.3 seconds of CPU time\)"):
        chat.prompt_ids("On the Po lies Turin.")


@pytest.mark.parametrize("place", [0, 70, 99])
def test_each_of_many_prompts_has_its_bounds(folder, monkeypatch, place):
    """They are set once for many prompts, of which one takes too long, too much, or fails."""
    monkeypatch.setattr(bounds, "bounded", lambda: bounded(0.3, 100 << 20))
    bad = f"{{% if 'Po' in messages[0].content %}}{LOOP}{{% endif %}}"
    put(
        folder,
        f"{KEEPS}{bad}{{% if 'Rhine' in messages[0].content %}}{{{{ 1 // 0 }}}}{{% endif %}}<|im_end|>",
    )
    chat = ChatFormat(folder)
    prompts = [(f"On the Seine lies {number}.", "") for number in range(100)]
    assert chat.prompts_ids(prompts) == [chat.prompt_ids(*prompt) for prompt in prompts]
    before = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGPROF)
    for name, fault in (("Po", "over 0.3 seconds of CPU time"), ("Rhine", "division")):
        prompts[place] = (f"On the {name} lies Turin.", "")
        with cpu_limit(4), pytest.raises(InputError, match=f"fails on a prompt .*{fault}"):
            chat.prompts_ids(prompts)
    assert before == (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGPROF))


def test_work_that_keeps_its_bounds_is_done_where_many_together_do_not(monkeypatch):
    monkeypatch.setattr(bounds, "bounded", lambda: bounded(0.2))

    def work(number: int) -> int:
        with bounded(0.2):
            ends = time.thread_time() + 0.02
            while time.thread_time() < ends:
                pass
        return number

    assert bounds.each_bounded(work, list(range(30))) == list(range(30))


def test_a_step_that_looks_at_no_signal_ends_with_the_process():
    """Lists of lists, each twice in the next: 2^60 comparisons, all in one step of C code."""
    lines = [
        "from tms.io.bounded import bounded",
        "one, other = [0], [0]",
        "for _ in range(60): one, other = [one, one], [other, other]",
        "def compare():",
        "    with bounded(0.1, last=1): one == other",
        "compare()",
    ]
    command = ["bash", "-c", 'ulimit -t 30; exec "$@"', "-", sys.executable, "-c", "\n".join(lines)]
    ended = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGXCPU
    assert "line 5 in compare" in ended.stderr


def test_what_was_set_for_the_bounds_is_set_back(folder):
    limits = resource.RLIMIT_AS, resource.RLIMIT_CPU
    before = [*map(resource.getrlimit, limits), signal.getsignal(signal.SIGPROF)]
    with bounded():
        pass
    with pytest.raises(TimeoutError), bounded(0.1):
        while True:
            pass
    with pytest.raises(MemoryError), bounded(memory=10 << 20):
        bytearray(100 << 20)
    assert before == [*map(resource.getrlimit, limits), signal.getsignal(signal.SIGPROF)]
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_the_text_and_its_tokens_are_those_of_transformers(folder):
    put(folder, QWEN)
    chat = ChatFormat(folder)
    turns = [{"role": "user", "content": "Which x make x < 3?"}]
    wanted = chat.tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
    assert chat.prompt_ids("Which x make x < 3?") == wanted


WORDS = [
    "{{",
    "}}",
    "{%",
    "%}",
    "messages",
    "for",
    "in",
    "if",
    "endif",
    "endfor",
    "range(9)",
    "*",
    "+",
    "'x'",
    "9",
]
WORDS += [
    "{{ messages[0].content }}",
    "set x =",
    "|",
    "length",
    "macro a()",
    "endmacro",
    "\x00",
    "\ud7ff",
    "{#",
    "-%}",
]


@settings(max_examples=100, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_template_is_taken_or_one_line(shared_folder, words):
    put(shared_folder, " ".join(words))
    try:
        ChatFormat(shared_folder)
    except InputError as error:
        assert str(error).isprintable()


@pytest.fixture(scope="module")
def shared_folder(tiny_model, tmp_path_factory):
    return shutil.copytree(tiny_model, tmp_path_factory.mktemp("any") / "model")
