"""Messages before a prompt: what is written is read again, and what is no conversation is named."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.io import parquet
from tms.io.conversation import ROLES, as_text, check_contexts, context_text, read_context
from tms.io.errors import InputError

MESSAGE = st.fixed_dictionaries({"role": st.sampled_from(ROLES), "content": st.text(max_size=20)})
BEFORE = st.lists(MESSAGE, max_size=5).filter(lambda turns: not turns or turns[-1]["role"] != "user")
HELLO = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]


@settings(max_examples=30)
@given(st.lists(BEFORE, max_size=4))
def test_conversations_survive_the_disk(tmp_path_factory, conversations):
    path = tmp_path_factory.mktemp("rows") / "x.parquet"
    rows = [{"example_id": "e", "context": context_text(turns)} for turns in conversations]
    parquet.write(path, ["example_id", "context"], rows, {})
    read = parquet.read(path, ["context"])
    assert [read_context(row["context"]).messages for row in read] == conversations


@settings(max_examples=30)
@given(BEFORE, st.lists(st.from_regex(r"[0-9a-f]{64}", fullmatch=True), max_size=3))
def test_images_are_named_beside_the_messages(before, images):
    read = read_context(context_text(before, images=images))
    assert (read.messages, read.images, read.tools) == (before, images, [])


def test_text_without_images_stays_as_it_was():
    assert context_text(HELLO, images=[]) == json.dumps(HELLO)


def test_tools_and_images_are_refused_together():
    with pytest.raises(InputError, match="has tools and images; a row may have one of the two"):
        context_text([], [{"type": "function"}], images=["ab" * 32])


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({}, "without calls"),
        ({"calls": 0}, "without calls"),
        ({"calls": 1, "tokens": 0}, "with tokens, the most of the row, that are no number"),
        ({"calls": 1, "tokens": "9"}, "with tokens, the most of the row, that are no number"),
        ({"calls": 1, "tokens": None}, "with tokens, the most of the row, that are no number"),
    ],
)
def test_limits_of_a_row_with_tools_are_numbers(limits, message):
    tool = {"type": "function", "function": {"name": "f"}}
    with pytest.raises(InputError, match=f"^context has an environment {message}"):
        read_context(context_text([], [tool], {"kind": "calculator", **limits}))


def test_a_row_without_the_column_has_none():
    assert context_text([]) == "" and read_context("").messages == []


def test_rows_and_files_without_the_column_are_filled(tmp_path):
    path = tmp_path / "x.parquet"
    row = {"example_id": "e", "prompt": "p", "answer": "a"}
    parquet.write(path, parquet.EXAMPLES, [row], {})
    assert parquet.read(path, parquet.EXAMPLES) == [row | {"context": ""}]
    parquet.write(path, list(row), [row], {})
    assert parquet.read(path, parquet.EXAMPLES) == [row | {"context": ""}]
    assert list(parquet.read(path, ["prompt", "context"])[0]) == ["prompt", "context"]
    assert parquet.read(path, ["context"]) == [{"context": ""}]


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ("hello", r"context is no JSON \(Expecting value"),
        ("[" * 200_000, r"context is no JSON \("),
        ("{}", 'no JSON list of messages; where there are none it is ""'),
        ("[]", "no JSON list of messages"),
        ('["hello"]', "message 1 of its context has to have the keys role and content, and no others"),
        ('[{"role": "system"}]', "message 1 of its context has to have the keys"),
        ('[{"role": "tool", "content": "x"}]', "has role 'tool'; there are system, user, assistant"),
        ('[{"role": ["user"], "content": "x"}]', "has role"),
        ('[{"role": "system", "content": null}]', "has a content that is no text"),
        ('[{"role": "system", "content": [{"text": "x"}]}]', "has a content that is no text"),
        ('[{"role": "system", "content": "\\ud800"}]', "has a content that is no valid Unicode"),
        ('{"images": ["ab"], "messages": []}', "an image that is no SHA-256 digest"),
        (json.dumps({"images": ["AB" * 32], "messages": []}), "an image that is no SHA-256 digest"),
        (json.dumps({"images": [["ab" * 32]], "messages": []}), "an image that is no SHA-256 digest"),
        ('{"images": [], "messages": []}', "has images that are no list of digests"),
        ('{"images": "ab", "messages": []}', "has images that are no list of digests"),
        ('{"images": ["ab"]}', "has to have the keys images, messages, and no others"),
        ('{"images": [], "tools": [], "messages": []}', "has tools and images"),
        (json.dumps({"images": ["ab" * 32], "messages": [HELLO[0]]}), "ends with a message of the user"),
        (json.dumps([*HELLO, HELLO[0]]), "ends with a message of the user; join it with the prompt"),
        (json.dumps([*HELLO, {"role": "assistant", "content": "x", "name": "y"}]), "message 3 of its"),
    ],
)
def test_what_is_no_conversation_is_named_where_it_is_read(tmp_path, context, message):
    path = tmp_path / "x.parquet"
    rows = [{"example_id": "good"}, {"example_id": "bad", "context": context}, {"example_id": "other"}]
    parquet.write(path, ["example_id", "context"], rows, {})
    with pytest.raises(InputError, match=message) as error:
        parquet.read(path, ["example_id", "context"])
    line = str(error.value)
    assert line.startswith(f"{path}: example bad: ") and "\n" not in line and len(line) < 400


def test_a_line_counts_the_other_rows_with_faults():
    rows = [{"example_id": str(n), "context": "[]" if n % 2 else ""} for n in range(7)]
    with pytest.raises(InputError, match=r"here: example 1: .* \(2 other rows have such faults\)$"):
        check_contexts(rows, "here")
    with pytest.raises(InputError, match=r"here: example 0: context is no text$"):
        check_contexts([{"example_id": "0", "context": None}], "here")


def test_a_conversation_as_text():
    turns = [{"role": "system", "content": "Be brief."}, *HELLO]
    assert as_text("", "System: x") == "System: x"
    assert as_text(context_text(turns), "Why?") == (
        "System: Be brief.\n\nUser: Hello\n\nAssistant: Hi\n\nUser: Why?"
    )
