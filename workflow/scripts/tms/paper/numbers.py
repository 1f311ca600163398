"""The numbers that the paper prints (`workflow/resources/paper`), and where ours would be."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tms.io.csv_file import read_csv

# The config's name of each model of the paper, and its repository on the hub.
MODELS = {
    "qwen1.5b": "Qwen/Qwen2.5-1.5B-Instruct",
    "qwen3b": "Qwen/Qwen2.5-3B-Instruct",
    "qwen7b": "Qwen/Qwen2.5-7B-Instruct",
    "llama8b": "meta-llama/Llama-3.1-8B-Instruct",
    "llama1b": "meta-llama/Llama-3.2-1B-Instruct",
    "qwen7b_tools": "Qwen/Qwen2.5-7B-Instruct",
    "qwen_omni3b": "Qwen/Qwen2.5-Omni-3B",
}
PILOTS = {"qwen7b_tools": "tools", "qwen_omni3b": "images"}  # those that Table 8 is of
TARGETS = ["math500", "math", "gsm8k", "countdown", "ifeval", "mmlu"]
RETENTION = ["arc_c", "hotpotqa", "safetybench"]
SETTINGS = ["learning_rate", "batch_per_device", "grad_accumulation", "effective_batch", "tensor_parallel"]
AT_STEP = " at step "  # between the quantity and the optimiser step of a number of Table 1
WINDOWS = {"early": "tms_early", "uniform": "tms", "late": "tms_late"}

LEVEL = "the printed level is implausible: little above chance for at most four options"
UNKNOWN_MEAN = "aggregation unknown"
PER_TOKEN = "per token or per sequence is not stated; ours is per token"
WITH_VIEW = "the paper's mean holds Math-500 too; ours is over the targets, without views"
NO_UNIT = "unit not stated; ours is nats"
GREEDY = "the paper's equals its greedy accuracy (Table 9); ours is the mean of samples"
OTHER_SAMPLES = "SC-Acc above Pass@100, which no set of samples gives"
UNKNOWN_PILOT = "of which pilot is not stated"
OTHER_PROTOCOL = (
    "the paper's is ToolAlpaca's protocol, a judge's verdict on all 100 instructions; ours is the share of "
    "those with readable golden calls whose calls were made (toolalpaca_judged asks the judge)"
)
OTHER_SPLITS = (
    "the paper says exact match on the test splits, whose answers are not public; its base has the numbers "
    "that Qwen states, VQA accuracy on TextVQA's validation split and ANLS on DocVQA's test split; ours are "
    "VQA accuracy and ANLS on the validation splits"
)


@dataclass(frozen=True)
class Printed:
    """One number of the paper.

    Attributes:
        table: its file, e.g. `table9`.
        model: the config's name of the model; Table 8 has numbers of "".
        method: the config's name of the method, `base` for theta_0, "" for a setting.
        quantity: name in the comparison; unique together with the three above.
        value: shares for what is printed in percent, else as printed.
        experiment: whose cells hold ours; "" where no experiment can.
        where: columns of our cell and their values.
        step: optimiser step of a long run, None for other tables.
        samples: K of Pass@K, None for other quantities.
        complement: whether our cell holds 1 - value (attack success).
        note: what to know when the two are compared.
    """

    table: str
    model: str
    method: str
    quantity: str
    value: float
    experiment: str = ""
    where: dict[str, str] = field(default_factory=dict)
    step: int | None = None
    samples: int | None = None
    complement: bool = False
    note: str = ""


def read(folder: Path) -> list[Printed]:
    """Read every number of the paper's CSV files, in the order of the tables.

    Args:
        folder: with the files that `workflow/resources/paper/README.md` describes.

    Raises:
        InputError: a file is missing, or lacks a column.
    """
    readers = [long_run, diversity, training_settings, safety, windows, pilots, main_results]
    return [number for reader in readers for number in reader(folder)]


def share(text: str) -> float:
    """A printed percentage as a share, without a rounding error of its own."""
    return float(Decimal(text) / 100)


def long_run(folder: Path) -> list[Printed]:
    """Table 1: NLL and accuracies along a long SFT run of qwen1.5b on MATH."""
    quantities = {
        "train_nll": "train_nll.per_token",
        "val_nll": "val_nll.per_token",
        "math_acc": "math",
        "arc_c_acc": "arc_c",
    }
    numbers = []
    for line in read_csv(folder / "table1.csv", ["step", *quantities]):
        for column, quantity in quantities.items():
            numbers.append(
                Printed(
                    table="table1",
                    model="qwen1.5b",
                    method="sft",
                    quantity=f"{quantity}{AT_STEP}{line['step']}",
                    value=float(line[column]) if "nll" in column else share(line[column]),
                    experiment="mismatch",
                    where={"method": "sft_long", "train_task": "math", "quantity": quantity},
                    step=int(line["step"]),
                    note=PER_TOKEN if "nll" in column else "",
                )
            )
    return numbers


def diversity(folder: Path) -> list[Printed]:
    """Table 2: coverage and diversity on MATH.

    The table names no model; its Pass@1 column is MATH of qwen1.5b in Table 9. A vote that is right more
    often than any of its samples is noted.
    """
    quantities = {name: name for name in ("pass_at_1", "pass_at_100", "sc_acc", "ans_ent")}
    quantities["pass_at_100"] = "pass_at_k"
    remarks = {"ans_ent": NO_UNIT, "pass_at_1": GREEDY}
    numbers = []
    for line in read_csv(folder / "table2.csv", ["method", *quantities]):
        impossible = float(line["sc_acc"]) > float(line["pass_at_100"])
        for column, quantity in quantities.items():
            notes = [remarks[column]] if column in remarks else []
            notes += [OTHER_SAMPLES] if impossible and column in ("sc_acc", "pass_at_100") else []
            numbers.append(
                Printed(
                    table="table2",
                    model="qwen1.5b",
                    method=line["method"],
                    quantity=quantity,
                    value=float(line[column]) if column == "ans_ent" else share(line[column]),
                    experiment="diversity",
                    where={"method": line["method"], "train_task": "math", "quantity": quantity},
                    samples=None if column == "pass_at_1" else 100,
                    note="; ".join(notes),
                )
            )
    return numbers


def training_settings(folder: Path) -> list[Printed]:
    """Tables 4 and 5: settings, which are equal or not."""
    return [
        Printed(table="table4_5", model=line["model"], method="", quantity=name, value=float(line[name]))
        for line in read_csv(folder / "table4_5.csv", ["model", *SETTINGS])
        for name in SETTINGS
    ]


def safety(folder: Path) -> list[Printed]:
    """Table 6: SafetyBench, and attack success, whose complement our cells hold."""
    quantities = {"safetybench": "safetybench"}
    quantities |= {f"{name}_asr": name for name in ("wildguard", "wildjailbreak")}
    return [
        Printed(
            table="table6",
            model=line["model"],
            method=line["method"],
            quantity=column,
            value=share(line[column]),
            experiment="main",
            where={"method": line["method"], "train_task": "", "quantity": quantity},
            complement=column != quantity,
            note="ours is 1 - score" if column != quantity else LEVEL,
        )
        for line in read_csv(folder / "table6.csv", ["model", "method", *quantities])
        for column, quantity in quantities.items()
    ]


def windows(folder: Path) -> list[Printed]:
    """Table 7: windows of checkpoints, qwen3b; the drop is stored with a sign, as `xfer`."""
    numbers = []
    for line in read_csv(folder / "table7.csv", ["sampling", "avg_target", "cross_task_drop"]):
        method = WINDOWS[line["sampling"]]
        for quantity, value, note in [
            ("target_mean", share(line["avg_target"]), WITH_VIEW),
            ("xfer", -share(line["cross_task_drop"]), UNKNOWN_MEAN),
        ]:
            where = {"method": method, "train_task": "", "quantity": quantity}
            numbers.append(
                Printed("table7", "qwen3b", method, quantity, value, "windows", where=where, note=note)
            )
    return numbers


def pilots(folder: Path) -> list[Printed]:
    """Table 8: the agentic and multimodal pilots."""
    models = {"toolalpaca": "qwen7b_tools", "textvqa": "qwen_omni3b", "docvqa": "qwen_omni3b"}
    numbers = []
    for line in read_csv(folder / "table8.csv", ["method", *models, "cross_task_drop"]):
        method = line["method"]
        for task, model in models.items():
            where = {"method": method, "train_task": "", "quantity": task}
            note = OTHER_SPLITS if PILOTS[model] == "images" else OTHER_PROTOCOL
            value = share(line[task])
            numbers.append(Printed("table8", model, method, task, value, "main", where=where, note=note))
        if line["cross_task_drop"]:
            value = -share(line["cross_task_drop"])
            numbers.append(Printed("table8", "", method, "xfer", value, note=UNKNOWN_PILOT))
    return numbers


def main_results(folder: Path) -> list[Printed]:
    """Table 9, of which Table 3 is a part: targets, transfer, and retention with its change from the base."""
    columns = [*TARGETS, "xfer", *RETENTION]
    deltas = [f"{name}_delta" for name in RETENTION]
    lines = read_csv(folder / "table9.csv", ["model", "method", *columns, *deltas])
    bases = {line["model"]: line for line in lines if line["method"] == "base"}
    numbers = []
    for line in lines:
        for column in columns:
            numbers += _main_cell(line, bases[line["model"]], column, column)
        for name in RETENTION:
            numbers += _main_cell(line, bases[line["model"]], f"{name}_delta", f"delta.{name}")
    return numbers


def _main_cell(line: dict[str, str], base: dict[str, str], column: str, quantity: str) -> list[Printed]:
    """A cell of Table 9; nothing where it prints none."""
    if not line[column]:
        return []
    notes = []
    if column == "xfer":
        notes.append(UNKNOWN_MEAN)
        level = sum(Decimal(base[name]) for name in TARGETS) / len(TARGETS)
        if -Decimal(line[column]) > level:
            notes.append(f"more than the base's mean of {level:.1f}, which no mean of drops can be")
    if column.startswith("safetybench"):
        notes.append(LEVEL)
    if column.endswith("_delta"):
        name = column.removesuffix("_delta")
        expected = Decimal(line[name]) - Decimal(base[name])
        if Decimal(line[column]) != expected:
            notes.append(f"printed {line[column]}, but its own rows differ by {expected}")
    where = {"method": line["method"], "train_task": "", "quantity": quantity}
    value = share(line[column])
    note = "; ".join(notes)
    return [Printed("table9", line["model"], line["method"], quantity, value, "main", where=where, note=note)]
