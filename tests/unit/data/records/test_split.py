"""The hash split: disjoint, stable, with the shares asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.data.records.split import example_id, split_of

SHARES = {"heldout": 0.1, "test": 0.1}
PROMPTS = [f"How do I do thing {n}?" for n in range(20_000)]
share = st.floats(0, 0.5)


@pytest.mark.parametrize("shares", [SHARES, {"heldout": 0.02, "test": 0.3}, {"heldout": 0.25}, {}])
def test_shares(shares):
    found = [split_of(prompt, shares) for prompt in PROMPTS]
    for split in ("heldout", "test"):
        expected = shares.get(split, 0) * len(PROMPTS)
        assert abs(found.count(split) - expected) <= 5 * max(expected, 0) ** 0.5  # 5 standard deviations


def test_the_ends_of_the_range():
    assert {split_of(prompt, {"heldout": 0, "test": 1}) for prompt in PROMPTS[:500]} == {"test"}
    assert {split_of(prompt, {"heldout": 1, "test": 0}) for prompt in PROMPTS[:500]} == {"heldout"}
    assert {split_of(prompt, {"heldout": 0, "test": 0}) for prompt in PROMPTS[:500]} == {"train"}


@given(st.text(), share, share, share)
def test_a_larger_share_of_one_split_moves_rows_out_of_train_alone(key, test, heldout, more):
    before = split_of(key, {"heldout": heldout, "test": test})
    grown = split_of(key, {"heldout": heldout, "test": min(test + more, 1 - heldout)})
    assert grown == before or (before, grown) == ("train", "test")
    held = split_of(key, {"heldout": min(heldout + more, 1 - test), "test": test})
    assert held == before or (before, held) == ("train", "heldout")


@given(st.text(), st.text(), st.text(), st.text())
def test_names_differ_where_prompt_or_context_does(prompt, context, other_prompt, other_context):
    same = (prompt, context) == (other_prompt, other_context)
    assert (example_id(prompt, context) == example_id(other_prompt, other_context)) == same


def test_names_and_splits_are_those_that_were_stored():
    # Other values would rename every row and move it to another split.
    assert example_id("How do I reset my password?") == "b91dfe148bc84eafe29b"
    held = {
        n: split for n, prompt in enumerate(PROMPTS[:40]) if (split := split_of(prompt, SHARES)) != "train"
    }
    assert held == {0: "heldout", 35: "heldout"}
