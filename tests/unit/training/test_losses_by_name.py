"""Losses by name: what a module has, and what is wrong with flags of its settings."""

import argparse
import subprocess
import sys
from functools import partial

import pytest
import torch
from helpers.paths import SCRIPTS
from helpers.shipped_config import SHIPPED

from tms.config.method_kinds import KINDS
from tms.io.errors import InputError
from tms.training import losses_by_name
from tms.training.examples import IGNORED

NAMES = losses_by_name.names()


def test_every_loss_says_what_it_is_and_reads_keys_of_training():
    assert {kind.loss for kind in KINDS.values()} <= set(NAMES)
    for name in NAMES:
        module = losses_by_name.load(name)
        assert set(module.KEYS) <= set(SHIPPED["training"]), name
        assert "{" not in module.WORDS.format(**SHIPPED["training"])
        assert losses_by_name.module(name) == module.__name__


def test_the_configuration_asks_for_keys_without_torch():
    code = (
        "import sys; from tms.training import losses_by_name; losses_by_name.all_keys(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS).returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_every_loss_is_a_float32_sum_over_positions_with_loss(name):
    module = losses_by_name.load(name)
    loss = partial(module.summed, **{key: SHIPPED["training"][key] for key in module.KEYS})
    logits, base = torch.randn(2, 50, 30, generator=torch.Generator().manual_seed(0)).bfloat16()
    targets = torch.arange(50) % 30
    targets[::3] = IGNORED
    learned = targets != IGNORED
    beside = [base] if losses_by_name.reads_base(name) else []
    found = loss(logits, targets, *beside)
    assert found.dtype == torch.float32
    assert found.equal(loss(logits.float(), targets, *(one.float() for one in beside)))
    alone = loss(logits[learned], targets[learned], *(one[learned] for one in beside))
    torch.testing.assert_close(found, alone)


def test_only_the_kl_needs_the_base():
    assert [name for name in NAMES if losses_by_name.reads_base(name)] == ["kl"]


def flags(loss, **given):
    return argparse.Namespace(loss=loss, **(dict.fromkeys(losses_by_name.all_keys()) | given))


def test_settings_are_those_of_the_loss():
    assert losses_by_name.settings(flags("nll")) == losses_by_name.settings(flags("dft")) == {}
    assert losses_by_name.settings(flags("trsft", trsft_floor=0.5)) == {"trsft_floor": 0.5}


@pytest.mark.parametrize(
    ("loss", "given", "words"),
    [
        ("dft", {"trsft_floor": 0.1}, "--trsft-floor 0.1: it belongs to --loss trsft; give both or neither"),
        ("trsft", {}, "--loss trsft: give --trsft-floor too"),
        ("trsft", {"trsft_floor": 0.0}, "--trsft-floor 0.0: give a probability above 0"),
        ("dtf", {}, "loss 'dtf': no such module; correct the name, or add workflow/scripts/tms/training"),
    ],
)
def test_flags_that_cannot_work_are_named(loss, given, words):
    with pytest.raises(InputError, match=words):
        losses_by_name.settings(flags(loss, **given))
