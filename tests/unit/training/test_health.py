"""Signs that a training run on rows went wrong."""

import pytest
from helpers.health_facts import SOUND

from tms.io.errors import InputError
from tms.training import health

FALLING = SOUND["losses"]


def told(**changed):
    return [sign.what for sign in health.signs(SOUND | changed)]


def test_a_sound_run_has_no_sign():
    assert told() == []


@pytest.mark.parametrize(
    ("masked", "share"),
    [({"length": 19}, None), ({"length": 12, "too long": 8}, "20%"), ({"rejected": 50}, None)],
)
def test_a_fifth_of_the_targets_without_loss_is_told(masked, share):
    lines = told(masked=masked)
    assert lines == (
        [] if share is None else [f"{share} of 100 targets carry no loss (12 length, 8 too long)"]
    )


def test_targets_that_are_mostly_rejected_are_told_and_stop_nothing():
    sick = SOUND | {"masked": {"rejected": 51}}
    assert told(masked=sick["masked"]) == [
        "the grader rejects 51 of 100 targets, which carry no loss",
    ]
    health.check_masked(sick, "stop")


def test_more_than_half_of_the_targets_without_loss_stop_the_run_unless_allowed():
    health.check_masked(SOUND | {"masked": {"length": 50}}, "stop")
    sick = SOUND | {"masked": {"length": 30, "too long": 45, "rejected": 20}}
    health.check_masked(sick, "warn")
    with pytest.raises(InputError, match=r"^75% of 100 targets .*max_new_tokens.*masked_targets: warn.*25%$"):
        health.check_masked(sick, "stop")


def test_a_run_without_any_target_with_loss_is_refused():
    nothing = SOUND | {"masked": {"too long": 10, "rejected": 90}, "sources": {}}
    with pytest.raises(InputError, match=r"^none of 100 targets carries loss \(10 too long, 90 rejected\)"):
        health.check_masked(nothing, "warn")


def test_a_harvest_that_is_cut_is_told_from_a_twentieth_on_with_its_checkpoints():
    planned = {"teacher": 20, "checkpoint 1of2": 40, "checkpoint 3of10": 20, "checkpoint 1of1": 20}
    assert told(planned=planned, cut={"checkpoint 3of10": 3}) == []
    (line,) = told(planned=planned, cut={"checkpoint 1of2": 1, "checkpoint 3of10": 3})
    assert line == (
        "5% of 80 sampled targets are cut at 64 tokens (checkpoint 3of10: 15%, checkpoint 1of2: 2%), 95% of "
        "the others have at most 40, the longest 60"
    )


def test_another_share_of_the_teacher_than_alpha_is_told_where_targets_are_masked():
    sources, tokens = {"teacher": 250, "checkpoint 1of1": 250}, {"teacher": 1000, "checkpoint 1of1": 3000}
    masked = {"rejected": 500}
    (line,) = told(sources=sources, tokens=tokens, masked=masked, targets=1000)
    assert line == "the teacher has 50% of the targets with loss (25% of their tokens), where alpha is 0.25"
    assert told(sources=sources, tokens=tokens) == []  # none is masked: it is what was drawn
    assert told(sources=sources, tokens=tokens, masked=masked, targets=1000, alpha=None) == []
    # 3.29 standard errors of 500 draws are 0.064.
    for teacher, count in ((156, 0), (158, 1)):
        sources = {"teacher": teacher, "checkpoint 1of1": 500 - teacher}
        assert len(told(sources=sources, masked=masked, targets=1000)) == count
    fewer = SOUND | {"sources": {"teacher": 0, "checkpoint 1of1": 500}, "masked": {"too long": 9}}
    assert any("those of the teacher" in sign.remedy for sign in health.signs(fewer))
    only = {"checkpoint 1of1": 100}
    assert told(planned=only, sources=only, tokens=only, masked={"length": 3}, alpha=0.0) == []


def test_steps_that_change_nothing_are_told():
    assert told(empty_steps=3) == [
        "3 of 20 optimiser steps have no target with loss and change nothing",
    ]


def test_a_mixture_that_is_nearly_all_of_one_source_is_told():
    (line,) = told(sources={"teacher": 25, "checkpoint 1of1": 1})
    assert line == "96% of the targets with loss are of one source, teacher (planned: 25%)"
    assert "checkpoint 1of2 (planned: 40%)" in told(sources={"checkpoint 1of2": 40, "teacher": 2})[0]
    assert told(sources={"checkpoint 1of2": 37, "teacher": 3}) == []


def test_a_run_that_is_meant_to_have_one_source_is_no_mixture():
    assert told(planned={"teacher": 100}, sources={"teacher": 100}) == []


def test_a_loss_that_does_not_fall_is_told():
    assert told(losses=FALLING[::-1]) == [
        "the loss did not fall (0.2500 over the first 4 of 20 steps, 1.8500 over the last)"
    ]
    assert len(told(losses=[1.0] * 10)) == 1
    assert told(losses=[1.0] * 9) == []


def test_the_bases_own_words_need_not_become_likelier():
    own = {"checkpoint 0of1": 100}
    assert told(planned=own, sources=own, losses=[1.0] * 20) == []


REPLAYED = {
    "planned": SOUND["planned"] | {"general": 100},
    "sources": SOUND["sources"] | {"general": 100},
    "tokens": SOUND["tokens"] | {"general": 9000},
}


def test_general_prompts_are_no_part_of_alpha_and_of_the_mixture():
    assert told(**REPLAYED, masked={"length": 1}) == []
    assert health.teacher_share(REPLAYED["sources"]) == 0.25
    replay = {"teacher": 96, "general": 4}
    assert told(planned=replay, sources=replay, tokens=replay, alpha=None) == []


def test_general_answers_that_were_cut_are_no_sign():
    assert told(**REPLAYED, cut={"general": 60}) == []


@pytest.mark.parametrize(
    ("surviving", "told"), [(None, False), (1, False), (0.9, False), (0.894, True), (0, True)]
)
def test_an_update_that_is_mostly_rounded_away_is_told(surviving, told):
    lines = [str(sign) for sign in health.of_update({"surviving": surviving, "dtype": "bfloat16"})]
    words = "of the update survived rounding to bfloat16: set training.checkpoint_dtype: float32"
    assert lines == ([f"only {surviving:.0%} {words}"] if told else [])
