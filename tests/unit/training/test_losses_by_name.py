"""Losses by name: what a module has, and what is wrong with flags of its settings."""

import argparse
import subprocess
import sys

import pytest
from helpers.paths import SCRIPTS
from helpers.shipped_config import SHIPPED

from tms.config.method_kinds import KINDS
from tms.io.errors import InputError
from tms.training import losses_by_name

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
