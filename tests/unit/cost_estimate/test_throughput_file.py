"""Measured speeds in the file of throughputs: they are marked, and nothing else changes."""

import pytest
import yaml
from helpers.paths import CONFIG

from tms.cost_estimate import throughput, throughput_file
from tms.io.errors import InputError

SHIPPED = (CONFIG / "throughput.yaml").read_text()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "throughput.yaml"
    path.write_text(SHIPPED)
    return path


def test_measured_and_assumed_are_told_apart(file):
    """Measured speeds carry the mark; the rest is that of the card named as alike, and stays assumed."""
    measured = {"training": 0.41, "generation": {1.54e9: 15000.0}, "start": {"generate": 80.0}}
    throughput_file.write(file, "h200", "h100", measured, 989, "2026-11-28, make gpu-check")
    card = throughput.read(file).card
    assert (card.training, card.forward, card.peak_flops) == ({1.0: 0.41}, {1.0: 0.25}, 989e12)
    assert card.generation == {1.54e9: 15000.0}
    assert card.start == {"train": 120, "generate": 80, "score": 60}
    assert card.measured == dict.fromkeys(measured, "2026-11-28, make gpu-check")
    assert card.assumed == ["forward"]
    assert throughput.read(file, "a100").card.assumed == throughput.SPEEDS


def test_nothing_else_changes(file):
    throughput_file.write(file, "h200", "h100", {"training": 0.41}, 989, "once")
    lines = file.read_text().splitlines()
    assert [line for line in SHIPPED.splitlines() if line not in lines] == ["device: a100"]
    before, after = yaml.safe_load(SHIPPED), yaml.safe_load(file.read_text())
    after["devices"].pop("h200")
    assert after | {"device": "a100"} == before


def test_a_second_run_adds_to_the_first(file):
    throughput_file.write(file, "h200", "h100", {"training": 0.41, "forward": 0.3}, 989, "first")
    throughput_file.write(file, "h200", "h100", {"training": 0.5}, 989, "second")
    card = throughput.read(file).card
    assert (card.training, card.forward) == ({1.0: 0.5}, {1.0: 0.3})
    assert card.measured == {"training": "second", "forward": "first"}
    assert file.read_text().count("  h200:\n") == 1


def test_an_entry_that_was_there_is_replaced_whole(file):
    throughput_file.write(file, "h100", "h100", {"training": 0.5}, 989, "once")
    assert list(yaml.safe_load(file.read_text())["devices"]) == ["h100", "a100", "cpu"]
    assert throughput.read(file).card.measured == {"training": "once"}


def test_a_bad_figure_leaves_the_file_alone(file):
    with pytest.raises(InputError, match=r"training: 0.0 is not a number above 0"):
        throughput_file.write(file, "h200", "h100", {"training": 0.0}, 989, "once")
    assert file.read_text() == SHIPPED
