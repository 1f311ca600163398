"""The user's file of throughputs: what is shipped fits the configuration, what is wrong is named."""

import pytest
import yaml
from helpers.paths import CONFIG

from tms.cost_estimate import throughput
from tms.io.errors import InputError

SHIPPED = CONFIG / "throughput.yaml"


@pytest.mark.parametrize("device", [None, "h100"])
def test_the_shipped_file(device):
    figures = throughput.read(SHIPPED, device)
    assert figures.card.peak_flops == {None: 312e12, "h100": 989e12}[device]
    # A larger model is slower on every device, within the given counts and beyond them.
    for one in (figures.card, figures.cpu):
        rates = [one.tokens_a_second(count) for count in (1e6, 5e8, 1.5e9, 3e9, 7e9, 7e10, 4e11)]
        assert rates == sorted(rates, reverse=True)


def test_a_share_of_the_peak_by_parameter_count():
    """A CPU multiplies a small model's matrices slowly; 95 tokens/s of 135M parameters were measured."""
    cpu = throughput.read(SHIPPED).cpu
    assert cpu.training_seconds(1.345e8, 43_000) == pytest.approx(43_000 / 95, rel=0.05)
    counts = [1e5, 0.87e6, 1e7, 1.35e8, 1e9]
    rates = [2 * count / cpu.forward_seconds(count, 1) / cpu.peak_flops for count in counts]
    assert rates == pytest.approx([0.15, 0.15, rates[2], 0.73, 0.73])
    assert 0.15 < rates[2] < 0.73


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"a: b: c"])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, content):
    file = tmp_path / "slow.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"slow\.yaml: not a readable YAML file") as raised:
        throughput.read(file)
    assert "\n" not in str(raised.value)


def test_every_task_has_a_length():
    tasks = yaml.safe_load((CONFIG / "config.yaml").read_text())["tasks"]
    assert set(tasks) <= set(throughput.read(SHIPPED).lengths)


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (("verified",), 0, "verified: 0 is not a number above 0"),
        (("verified",), True, "verified: True is not a number above 0"),
        (("devices", "cpu", "peak_tflops"), "1e9", "devices.cpu.peak_tflops: '1e9' is not a number above 0"),
        (("devices", "a100", "generation"), {}, "devices.a100.generation is empty"),
        (("devices", "cpu", "training"), {}, "devices.cpu.training is empty"),
        (("devices", "cpu", "forward"), {1e6: 0}, "devices.cpu.forward.1000000.0: 0 is not a number above 0"),
        (("devices", "a100", "generation"), 7, "devices.a100.generation: 7 is not a mapping"),
        (("devices", "a100", "measured"), {"speed": "now"}, "devices.a100.measured: {'speed': 'now'} is no"),
        (("device",), "tpu", "devices has no 'tpu'"),
        (("seconds", "other"), None, "seconds.other: None is not a number above 0"),
        (("lengths", "math"), {"prompt": 3}, "key lengths.math.completion is missing"),
    ],
)
def test_a_wrong_figure_is_named(tmp_path, keys, value, said):
    figures = yaml.safe_load(SHIPPED.read_text())
    inner = figures
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(figures))
    with pytest.raises(InputError) as error:
        throughput.read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_other_lengths_are_needed(tmp_path):
    figures = yaml.safe_load(SHIPPED.read_text())
    del figures["lengths"]["other"]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(figures))
    with pytest.raises(InputError, match=r"lengths\.other is missing"):
        throughput.read(path)
