"""Trials on fewer cards than configured: what is extrapolated is what a larger machine would take."""

from dataclasses import replace

import pytest
import yaml

from tms.gpu_check import shapes
from tms.gpu_check.trials import Trial, combine, generating, plan, state_bytes
from tms.memory_plan.architecture import KNOWN as KNOWN_FILE

KNOWN = yaml.safe_load(KNOWN_FILE.read_text())
CARD = int(80e9)


def shape(name, **changed):
    return replace(shapes.Shape(name, KNOWN[name], 8, 2, 4600), **changed)


LARGE, SMALL = shape("Llama-3.1-8B-Instruct"), shape("Llama-3.2-1B-Instruct")
TEACHER = shape("Llama-3.3-70B-Instruct", kind="generate", generating_cards=4)


def peak(one, layers, processes):
    """A card whose memory beside the state is 3 GB and 0.25 GB a layer."""
    return state_bytes(one, layers, one.sharded(CARD), processes) + 3e9 + 0.25e9 * layers


def found(one, trial):
    """A step of 2 s and 0.1 s a layer, over rows that grow with the processes."""
    rows = 4 * trial.processes
    seconds = 2 + 0.1 * trial.layers
    return {"seconds": seconds, "tokens": rows * 4600, "peak_bytes": peak(one, trial.layers, trial.processes)}


@pytest.mark.parametrize(
    ("one", "cards", "wanted"),
    [
        (LARGE, 8, [Trial(32, 8)]),
        (LARGE, 9, [Trial(32, 8)]),
        # 16 bytes x 8.03e9 / 4 are 32 GB, within half a card; on one card only 6 layers are.
        (LARGE, 4, [Trial(32, 4)]),
        (LARGE, 1, [Trial(3, 1), Trial(6, 1)]),
        (SMALL, 1, [Trial(16, 1)]),
        # Frozen, 2 bytes x 8.03e9.
        (replace(LARGE, lora={"rank": 16, "alpha": 32}), 1, [Trial(32, 1)]),
    ],
)
def test_plan(one, cards, wanted):
    assert plan(one, cards, CARD) == wanted


def test_nothing_is_tried_where_two_layers_do_not_fit():
    assert plan(shape("Llama-3.3-70B-Instruct"), 1, int(24e9)) == []


@pytest.mark.parametrize(
    ("one", "cards", "wanted"),
    [
        (TEACHER, 8, Trial(80, 4)),
        (TEACHER, 4, Trial(80, 4)),
        # 141 GB of weights, 1.7 GB a layer: half of 80 GB on each. Three cards cannot share its heads.
        (TEACHER, 3, Trial(44, 2)),
        (TEACHER, 1, Trial(20, 1)),
        (LARGE, 1, Trial(32, 1)),
    ],
)
def test_generating(one, cards, wanted):
    assert generating(one, cards, CARD) == wanted
    assert generating(TEACHER, 1, int(5e9)) is None


@pytest.mark.parametrize("one", [LARGE, SMALL, *(replace(one, kind="grpo") for one in (LARGE, SMALL))])
@pytest.mark.parametrize("cards", [1, 4, 8])
def test_extrapolated_is_what_all_cards_would_show(one, cards):
    trials = plan(one, cards, CARD)
    measured = combine(one, trials, [found(one, trial) for trial in trials], CARD)
    assert measured.peak_bytes == pytest.approx(peak(one, one.layers, 8))
    rate = 4 * 4600 / (2 + 0.1 * one.layers)  # tokens a second and card
    assert measured.tokens_a_second == pytest.approx(8 * rate)
    assert measured.flops == pytest.approx(6 * one.parameters * rate)
    assert bool(measured.how) == (cards < 8)


def test_extrapolation_is_marked():
    trials = plan(LARGE, 1, CARD)
    how = combine(LARGE, trials, [found(LARGE, trial) for trial in trials], CARD).how
    assert how == "extrapolated from 3 and 6 of 32 layers on 1 of 8 cards"
