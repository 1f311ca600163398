"""Figures by which work becomes time: the user's file of throughputs, and what follows from it."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tms.io.errors import InputError, first_line

FILE = Path("config/throughput.yaml")
TRAINING_FLOPS = (
    6  # floating-point operations a parameter and token, forward and backward (Kaplan et al., 2020)
)
FORWARD_FLOPS = 2
FROZEN_SHARE = 2 / 3  # of training's operations where weights are frozen and have no gradients (LoRA)
CHOICES = 4  # of a question whose choices are compared, assumed
# Float32 passes without TF32 take so many times as long on a card as bfloat16 ones. Assumed: the peaks of an
# A100 are 16 times apart, of an H100 15 times, and float32 comes twice as near to its own.
FLOAT32_SLOWDOWN = 8
FEW = {"images": 0.0, "turns": 1.0}  # of a task whose entry of `lengths` leaves them out
SPEEDS = ["training", "forward", "generation", "start"]  # keys of a device that a run can measure
PLAIN = [
    "load_bytes_a_second",
    "save_bytes_a_second",
    "download_bytes_a_second",
    "pretrain_seconds_a_step",
    "pretrained_parameters",
    "bytes_a_parameter",
    "state_bytes_a_parameter",
    "bytes_a_token",
    "warn_bytes",
    "characters_a_token",
    "verified",
]


def float32_slowdown(cards: int) -> float:
    """Times that a float32 pass takes as long as the passes that a speed is of; a CPU's are float32."""
    return FLOAT32_SLOWDOWN if cards else 1


@dataclass(frozen=True)
class Device:
    """Speed of one card, or of one thread of a CPU."""

    peak_flops: float
    training: dict[float, float]  # parameters -> share of the peak
    forward: dict[float, float]
    generation: dict[float, float]  # parameters -> tokens/s
    start: dict[str, float]  # train | generate | score -> seconds
    measured: dict[str, str] = field(default_factory=dict)  # of SPEEDS -> when and how
    name: str = ""  # its entry of `devices`

    @property
    def assumed(self) -> list[str]:
        """Those of SPEEDS that were not measured."""
        return [name for name in SPEEDS if name not in self.measured]

    def training_seconds(self, parameters: float, tokens: float) -> float:
        """Seconds to train on so many tokens, prompts included."""
        return TRAINING_FLOPS * parameters * tokens / (self.peak_flops * _at_count(self.training, parameters))

    def forward_seconds(self, parameters: float, tokens: float) -> float:
        """Seconds to read or score so many tokens."""
        return FORWARD_FLOPS * parameters * tokens / (self.peak_flops * _at_count(self.forward, parameters))

    def tokens_a_second(self, parameters: float) -> float:
        """Tokens that a full batch generates each second.

        Between two counts of parameters that are given, the line through both in logarithms; beyond them
        inversely proportional to the count.
        """
        nearest = min(max(parameters, min(self.generation)), max(self.generation))
        return _at_count(self.generation, nearest) * nearest / parameters


@dataclass(frozen=True)
class Throughput:
    """The file's figures."""

    card: Device
    cpu: Device
    plain: dict[str, float]  # the keys of PLAIN
    seconds: dict[str, float]  # stage -> seconds a job
    seconds_a_row: dict[str, float]  # stage -> seconds a row, on top
    lengths: dict[str, dict[str, float]]  # task -> prompt, completion (tokens)

    def stage_seconds(self, stage: str, rows: float = 0.0) -> float:
        """Seconds of a job that uses no model."""
        return self.seconds.get(stage, self.seconds["other"]) + rows * self.seconds_a_row.get(stage, 0.0)

    def assumed(self, task: str, what: str) -> float:
        """Tokens of a task's prompts, images or completions, or turns of these, as the file states them."""
        return (FEW | self.lengths.get(task, self.lengths["other"]))[what]


def _at_count(figures: dict[float, float], parameters: float) -> float:
    """A figure between two counts, on the line through both in logarithms; beyond them the nearest one's."""
    counts = sorted(figures)
    if parameters <= counts[0]:
        return figures[counts[0]]
    if parameters >= counts[-1]:
        return figures[counts[-1]]
    above = next(count for count in counts if count >= parameters)
    below = counts[counts.index(above) - 1]
    share = math.log(parameters / below) / math.log(above / below)
    return figures[below] ** (1 - share) * figures[above] ** share


def read(path: Path, device: str | None = None) -> Throughput:
    """Read the file.

    Args:
        path: YAML, laid out as `config/throughput.yaml`.
        device: entry of `devices` that runs the jobs with GPUs; the file's `device` where None.

    Raises:
        InputError: the file or a key is missing, or a figure is not a number above 0.
    """
    try:
        figures = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: not a readable YAML file ({first_line(error)})") from error
    name = device or _at(figures, path, "device")
    known = _at(figures, path, "devices")
    if name not in known:
        raise InputError(f"{path}: devices has no {name!r}; known: {', '.join(known)}")
    seconds = _numbers(figures, path, "seconds", need=["other"])
    lengths = {
        task: _numbers(figures, path, "lengths", task, need=["prompt", "completion"])
        for task in _at(figures, path, "lengths")
    }
    if "other" not in lengths:
        raise InputError(f"{path}: key lengths.other is missing; config/throughput.yaml explains it")
    return Throughput(
        card=_device(figures, path, name),
        cpu=_device(figures, path, "cpu"),
        plain={key: _number(figures, path, key) for key in PLAIN},
        seconds=seconds,
        seconds_a_row=_numbers(figures, path, "seconds_a_row"),
        lengths=lengths,
    )


def _device(figures: dict, path: Path, name: str) -> Device:
    generation = _numbers(figures, path, "devices", name, "generation")
    if not generation:
        raise InputError(f"{path}: devices.{name}.generation is empty; write parameters: tokens a second")

    def shares(speed: str) -> dict[float, float]:
        if not isinstance(_at(figures, path, "devices", name, speed), dict):
            return {1.0: _number(figures, path, "devices", name, speed)}  # of any count
        found = _numbers(figures, path, "devices", name, speed)
        if not found:
            raise InputError(f"{path}: devices.{name}.{speed} is empty; write parameters: share of the peak")
        return {float(count): share for count, share in found.items()}

    measured = _at(figures, path, "devices", name).get("measured") or {}
    if not isinstance(measured, dict) or not measured.keys() <= {*SPEEDS}:
        raise InputError(
            f"{path}: devices.{name}.measured: {measured!r} is no mapping of {', '.join(SPEEDS)}"
        )
    return Device(
        peak_flops=1e12 * _number(figures, path, "devices", name, "peak_tflops"),
        training=shares("training"),
        forward=shares("forward"),
        generation={float(count): rate for count, rate in generation.items()},
        start=_numbers(figures, path, "devices", name, "start", need=["train", "generate", "score"]),
        measured={speed: str(how) for speed, how in measured.items()},
        name=name,
    )


def _at(figures: dict, path: Path, *keys: str):
    value = figures
    for depth, key in enumerate(keys, start=1):
        if not isinstance(value, dict) or key not in value:
            raise InputError(
                f"{path}: key {'.'.join(map(str, keys[:depth]))} is missing; see config/throughput.yaml"
            )
        value = value[key]
    return value


def _number(figures: dict, path: Path, *keys: str) -> float:
    value = _at(figures, path, *keys)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise InputError(
            f"{path}: {'.'.join(map(str, keys))}: {value!r} is not a number above 0 "
            f"(write exponents with a point and a sign, e.g. 1.0e+9)"
        )
    return float(value)


def _numbers(figures: dict, path: Path, *keys: str, need: list[str] | None = None) -> dict[str, float]:
    """A mapping of numbers, each above 0, that has the needed names."""
    numbers = _at(figures, path, *keys)
    if not isinstance(numbers, dict):
        raise InputError(f"{path}: {'.'.join(keys)}: {numbers!r} is not a mapping of numbers")
    return {name: _number(figures, path, *keys, name) for name in [*(need or []), *numbers]}
