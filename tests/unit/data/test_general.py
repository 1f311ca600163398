"""The shipped general prompts and passages, and broken files of them."""

import json

import pytest
from helpers.paths import ROOT

from tms.data import general
from tms.io.errors import InputError

SHIPPED = ROOT / "workflow/resources/general"


def test_the_shipped_sets():
    prompts, passages = general.read_prompts(SHIPPED), general.read_passages(SHIPPED)
    assert (len(prompts), len(passages)) == (125, 56)
    texts = [row["prompt"] for row in prompts]
    assert len({*texts, *passages}) == 125 + 56
    kinds = [json.loads(line)["kind"] for line in (SHIPPED / "prompts.jsonl").read_text().splitlines()]
    assert len(set(kinds)) == 13
    assert len(set(kinds[:16])) >= 8  # so a few prompts are of many kinds too


@pytest.mark.parametrize("line", ["no JSON", "[1]", "3", '{"text": " "}', '{"text": 3}', '{"prompt": "a"}'])
def test_a_broken_line_is_named(tmp_path, line):
    (tmp_path / "passages.jsonl").write_text(f'{{"text": "a"}}\n{line}\n')
    with pytest.raises(InputError, match=r"passages\.jsonl:2: no text under 'text'"):
        general.read_passages(tmp_path)


def test_prompts_without_room_in_a_short_context_are_left_out_and_told(capsys):
    examples = [{"prompt": "x" * length} for length in (3, 5, 6)]
    kept = general.with_room(examples, list, new_tokens=4, context=9)
    assert kept == examples[:2]
    assert capsys.readouterr().err == (
        "1 of 3 general prompts leave no room for 4 new tokens in a context of 9, and are left out\n"
    )
    assert general.with_room(kept, list, new_tokens=4, context=9) == kept and not capsys.readouterr().err
    with pytest.raises(InputError, match=r"none of the 3 general prompts .* take general out of the suite"):
        general.with_room(examples, list, new_tokens=7, context=9)
