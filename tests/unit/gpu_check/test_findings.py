"""Rows and speeds from how the parts ended."""

from dataclasses import replace

import pytest
import yaml

from tms.gpu_check import findings, parts, shapes
from tms.gpu_check.cards import peak_tflops
from tms.gpu_check.findings import Findings
from tms.gpu_check.parts import Machine, training_name
from tms.gpu_check.rows import FAIL, PASS, SKIPPED, Row, failed, table
from tms.gpu_check.runner import Ended
from tms.gpu_check.trials import plan
from tms.memory_plan.architecture import KNOWN as KNOWN_FILE

KNOWN = yaml.safe_load(KNOWN_FILE.read_text())
SHAPE = shapes.Shape("llama1b", KNOWN["Llama-3.2-1B-Instruct"], 8, 4, 4600)
CARD = int(80e9)
NODE, ONE = (Machine([str(card) for card in range(count)], CARD) for count in (8, 1))
CARDS = {
    "torch": "2.13.0",
    "cuda": "13.0",
    "cards": [{"name": "NVIDIA A100-SXM4-80GB", "tflops": 250, "bf16": True}],
}
STEP = {"seconds": 2.0, "tokens": 8 * 8 * 4600, "peak_bytes": 40e9, "start_seconds": 30.0}
TEXT = {
    "engine": "vllm 0.31.0",
    "start_seconds": 70.0,
    "read_tokens_a_second": 40000.0,
    "write_tokens_a_second": 9000.0,
    "equal_rows": 0.8,
    "equal_first": 1.0,
}


@pytest.fixture(autouse=True)
def all_packages(monkeypatch):
    monkeypatch.setattr(findings, "missing", lambda kind: [])


def ended(machine, **changed):
    """All parts of the shape, done; `changed`: how one ended instead, or what it found besides."""
    found = {"cards": CARDS | {"cards": CARDS["cards"] * len(machine.names)}, "generate": TEXT}
    found |= {"all-reduce": {"processes": len(machine.names), "bytes_a_second": 2e11, "version": "NCCL 2.29"}}
    how = {name: Ended([facts]) for name, facts in found.items()}
    how["generate llama1b"] = how.pop("generate")
    for trial in plan(SHAPE, len(machine.names), CARD):
        step = STEP | {"tokens": 8 * trial.processes * 4600}
        how[training_name(SHAPE, trial)] = Ended([step, step | {"peak_bytes": 41e9}])
    for name, other in changed.items():
        name = {"train": training_name(SHAPE, plan(SHAPE, len(machine.names), CARD)[-1])}.get(name, name)
        name = {"generate": "generate llama1b", "all_reduce": "all-reduce"}.get(name, name)
        how[name] = other if isinstance(other, Ended) else Ended([how[name].first | other])
    return how


def found(machine=NODE, **changed):
    return Findings([SHAPE], machine, ended(machine, **changed), "logs/{}.log")


def row(findings, check):
    return next(row for row in findings.rows if row.check == check)


def test_speeds_are_shares_of_the_peak_and_tokens_a_card():
    """6 x 1.236e9 x (8 x 8 x 4,600 / 2 / 8) tokens/s and card of 312e12; 2 x 1.236e9 x 40,000 of it."""
    one = found()
    assert [row.status for row in one.rows] == [PASS] * 4
    assert one.peak == 312
    assert one.speeds["training"] == pytest.approx(6 * 1.2358e9 * 18400 / 312e12, rel=1e-3)
    assert one.speeds["forward"] == pytest.approx(2 * 1.2358e9 * 40000 / 312e12, rel=1e-3)
    assert one.speeds["generation"] == {float(SHAPE.parameters): 9000.0}
    assert one.speeds["start"] == {"train": 30.0, "generate": 70.0}
    assert "copied to 8 cards, 4 rows x 4600 tokens: 41 GB of 80" in row(one, "train llama1b").found
    assert not failed(one.rows)


def test_what_was_not_measured_has_no_speed():
    one = found(train=Ended(error="CUDA out of memory"), generate=Ended(error="late", skipped=True))
    assert one.speeds == {}
    assert row(one, "train llama1b") == Row(
        "train llama1b",
        FAIL,
        "CUDA out of memory",
        f"{findings.LESS_MEMORY}; log: logs/train llama1b 16 layers.log",
    )
    assert row(one, "generate llama1b").status == SKIPPED


@pytest.mark.parametrize(
    ("changed", "check", "said"),
    [
        ({"train": {"peak_bytes": 79e9}}, "train llama1b", "79 GB of 80"),
        ({"generate": {"equal_first": 0.02}}, "generate llama1b", "2% of first tokens"),
        ({"cards": {"cards": CARDS["cards"] * 7}}, "cards", "does not see the 8 cards"),
        ({"cards": {"cards": [CARDS["cards"][0] | {"bf16": False}] * 8}}, "cards", "no bf16"),
        ({"all_reduce": Ended(error="NCCL error")}, "all-reduce", "NCCL error"),
    ],
)
def test_what_the_workflow_would_fail_on(changed, check, said):
    one = found(**changed)
    assert [each.check for each in one.rows if each.status == FAIL] == [check]
    assert said in row(one, check).found and row(one, check).remedy
    assert failed(one.rows)


def test_extrapolated_rows_are_marked():
    one = found(ONE)
    assert "; extrapolated from 1 of 8 cards" in row(one, "train llama1b").found
    assert one.extrapolated and not found(NODE).extrapolated
    large = replace(SHAPE, architecture=KNOWN["Llama-3.3-70B-Instruct"])
    rows = Findings([large], Machine(["0"], int(24e9)), {}, "").rows
    assert [(each.status, each.check) for each in rows] == [(SKIPPED, "train llama1b")]


def test_an_on_policy_shape_has_a_peak_beside_the_plan_and_no_speed():
    shape = replace(SHAPE, kind="grpo", device_batch=2, tokens=3072, completion=2048)
    (trial,) = plan(shape, 8, CARD)
    how = {training_name(shape, trial): Ended([STEP, STEP | {"peak_bytes": 41e9}])}
    one = Findings([shape], NODE, how, "")
    assert row(one, "grpo llama1b").found == (
        "copied to 8 cards, 2 rollouts x 3072 tokens: 41 GB of 80 (plan 43.1)"
    )
    assert one.speeds == {} and not one.extrapolated
    full = {name: Ended([STEP | {"peak_bytes": 79e9}]) for name in how}
    assert failed(Findings([shape], NODE, full, "").rows)


@pytest.mark.parametrize(("cards", "whole"), [(8, True), (1, False)])
def test_a_teacher_on_few_cards_is_extrapolated(cards, whole):
    teacher = replace(
        *(SHAPE,), name="llama70b", kind="generate", generating_cards=4, cards=0,
        architecture=KNOWN["Llama-3.3-70B-Instruct"],
    )  # fmt: skip
    machine = Machine([str(card) for card in range(cards)], CARD)
    one = Findings([teacher], machine, {"generate llama70b": Ended([TEXT])}, "")
    found = row(one, "generate llama70b").found
    # 20 of 80 layers on one card of four.
    assert ("extrapolated from 20 of 80 layers on 1 of 4 cards" in found) != whole
    assert "reads 4e+04 and writes 9e+03 tokens/s" in found
    assert bool(one.speeds) == whole


def test_missing_packages_skip_their_parts_alone(monkeypatch, tmp_path):

    def gone(name):
        return None if name in ("vllm", "trl") else object()

    monkeypatch.setattr(parts.importlib.util, "find_spec", gone)
    monkeypatch.setattr(findings, "missing", parts.missing)
    kinds = {part.name.split()[0] for part in parts.parts([SHAPE], NODE, tmp_path, list(parts.KINDS))}
    assert kinds == {"cards", "all-reduce", "train"}
    how = ended(NODE)
    del how["generate llama1b"]
    one = Findings([SHAPE], NODE, how, "")
    assert row(one, "generate").status == SKIPPED and "vllm is not installed" in row(one, "generate").found
    assert row(one, "on-policy") == Row("on-policy", SKIPPED, "trl is not installed", findings.INSTALL)
    assert row(one, "train llama1b").status == PASS and not failed(one.rows)


def test_peaks():
    names = ["NVIDIA H100 80GB HBM3", "NVIDIA H100 PCIe", "NVIDIA L40S", "NVIDIA L4", "NVIDIA GH200 480GB"]
    assert [peak_tflops(name, 1.0) for name in names] == [989, 756, 362, 121, 989]
    assert peak_tflops("Something new", 123.0) == 123


def test_table():
    text = table(
        [Row("a", PASS, "well"), Row("longer", FAIL, "ill", "mend it"), Row("b", SKIPPED, "no card")]
    )
    assert text == (
        "a       pass     well\n"
        "longer  fail     ill\n"
        "                 to do: mend it\n"
        "b       skipped  no card\n"
        "\n"
        "1 pass, 1 fail, 1 skipped"
    )
