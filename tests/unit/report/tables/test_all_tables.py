"""Tables: CSV holds the numbers, Markdown says which cannot be told apart."""

import csv
import json

import pytest
from helpers import report_cells
from helpers.printed_numbers import faults

from tms.config.suite import Suite
from tms.experiments import contamination_marks
from tms.io.errors import InputError
from tms.report.cell_lookup import Reading
from tms.report.compared import ComparedNumber, read_compared
from tms.report.model_info import ModelInfo
from tms.report.precision import p_words
from tms.report.research_questions.contrasts import Contrast
from tms.report.tables import all_tables, settings, training
from tms.report.tables.table import Column, Table, written
from tms.report.wording import how_to_read

METHODS = ["SFT", "Self-SFT", "Final-SFT", "GRPO", "REINFORCE", "TMS", "TRAPO", "TrSFT", "TMS with TrSFT"]
COMPARED = [ComparedNumber("tiny", "table9", "sft", "gsm8k", "", 77.3, Reading(75.0, 72.0, 79.0), "yes", "")]


@pytest.fixture(scope="module")
def lookup():
    return report_cells.lookup()


@pytest.fixture(scope="module")
def folder(lookup, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    all_tables.write(folder, [lookup], COMPARED)
    return folder


def read(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_table_is_written(folder):
    index = json.loads((folder / "index.json").read_text())
    assert [entry["name"] for entry in index if not entry["drawn"]] == []
    assert {entry["name"] for entry in index} >= {
        *("table1", "table2", "table3", "table4_5", "table6", "table7", "table8", "table9"),
        *(
            "frontier",
            "mixture",
            "alpha",
            "checkpoints",
            "theorem61",
            "task_dependence",
            "compute",
            "compare",
        ),
        *("training", "targets"),
    }
    for entry in index:
        assert [(folder / name).exists() for name in entry["files"]] == [True, True]


def test_csv_holds_the_cells(folder, lookup):
    lines = {line["method"]: line for line in read(folder / "table3.csv")}
    assert list(lines) == ["Base", "SFT", "TMS", *(name for name in METHODS if name not in ("SFT", "TMS"))]
    for quantity in ("chain", "lookup", "xfer", "forgetting"):
        reading = lookup.reading("main", quantity, "sft")
        own = [float(lines["SFT"][f"{quantity}{end}"]) for end in ("", "_low", "_high", "_seeds_low")]
        assert own == pytest.approx([reading.value, reading.low, reading.high, reading.seeds_low], rel=1e-7)
    delta = lookup.reading("main", "delta.facts", "sft")
    assert float(lines["SFT"]["facts_delta"]) == pytest.approx(delta.value, rel=1e-7)
    assert lines["Base"]["xfer"] == ""


def test_marks_in_markdown(folder):
    text = (folder / "table3.md").read_text()
    best, tied = (
        next(line for line in text.splitlines() if line.startswith(f"| {name} |")) for name in ("TMS", "SFT")
    )
    assert best.count("**") == 2 * 7 and "≈" not in best
    assert tied.count("≈") == 1 and "**" not in tied
    assert "- Examples: 500." in text and "(tiny, 3 seeds)" in text


@pytest.mark.parametrize(
    ("reading", "unit", "text"),
    [
        (Reading(0.6241, 0.581, 0.665, mark="best"), "share", "**62** [58, 66]"),
        (Reading(0.6241, 0.611, 0.635, mark="best"), "share", "**62.4** [61.1, 63.5]"),
        (Reading(0.6241, mark="tied", delta=Reading(0.143)), "share", "62.4 ≈ (+14.3)"),
        (Reading(-0.0004), "share", "0"),
        (Reading(0.5, delta=Reading(-0.25, -0.35, -0.16)), "share", "50 (-25)"),
        (Reading(0.03214), "p", "0.032"),
        (Reading(1.2345), "number", "1.23"),
        (Reading(123456.4), "count", "123,456"),
        (None, "share", "–"),
    ],
)
def test_readings_as_readers_see_them(reading, unit, text):
    assert written(reading, unit) == text


def test_scores_of_a_column_have_as_many_decimals():
    rows = [
        ({"a": "x"}, {"s": Reading(0.316, 0.277, 0.358)}),
        ({"a": "y"}, {"s": Reading(0.746, 0.72, 0.76)}),
    ]
    text = Table("t", "T", {"a": "A"}, [Column("s", "S")], rows).markdown()
    assert "| 32 [28, 36] |" in text and "| 75 [72, 76] |" in text


def test_columns_that_say_the_same_in_every_row_are_said_once():
    readings = {"s": Reading(0.5), "n": Reading(3)}
    rows = [
        (
            {"a": name, "seeds": seeds, "task": "chain", "note": ""},
            readings | {"b": Reading(value, mark=mark)},
        )
        for name, seeds, value, mark in (("Base", "", 0.1, ""), ("SFT", "3", 0.2, "best"))
    ]
    labels = {"a": "A", "seeds": "Seeds", "task": "Trained on", "note": "Note"}
    columns = [Column("s", "S"), Column("n", "N", "count"), Column("b", "B")]
    table = Table("t", "T", labels, columns, rows)
    lines = table.markdown().splitlines()
    assert lines[2:6] == ["| A | B |", "| --- | --: |", "| Base | 10 |", "| SFT | **20** |"]
    assert lines[7] == "- In every row: Seeds 3; Trained on chain; S 50; N 3."
    assert "| Trained on |" in Table("t", "T", labels, columns, rows[:1]).markdown()


def test_rows_keep_a_name():
    rows = [({"a": "x", "b": "y"}, {"s": Reading(value)}) for value in (0.1, 0.2)]
    lines = Table("t", "T", {"a": "A", "b": "B"}, [Column("s", "S")], rows).markdown().splitlines()
    assert lines[2:6] == ["| A | S |", "| --- | --: |", "| x | 10 |", "| x | 20 |"]
    assert lines[7] == "- In every row: B y."


def test_the_base_sft_and_tms_stand_first(folder):
    for name in ("table3", "table7", "compute", "mixture"):
        methods = [line["method"] for line in read(folder / f"{name}.csv")]
        known = [one for one in ("Base", "SFT", "TMS") if one in methods]
        assert methods[: len(known)] == known, name


def test_attack_success_is_the_complement(folder, lookup):
    line = next(line for line in read(folder / "table6.csv") if line["method"] == "SFT")
    reading = lookup.reading("main", "wildguard", "sft")
    own = [float(line[f"wildguard_asr{end}"]) for end in ("", "_low", "_high")]
    assert own == pytest.approx([1 - reading.value, 1 - reading.high, 1 - reading.low])


def test_windows_have_their_matched_values(folder, lookup):
    lines = {line["method"]: line for line in read(folder / "table7.csv")}
    (cell,) = lookup.cells("frontier", "forgetting_matched", method="tms_early", group="windows")
    assert float(lines["TMS early"]["forgetting_matched"]) == pytest.approx(cell["value"])
    text = (folder / "table7.md").read_text()
    assert "68 %" in text and "interpolated, linearly between theta_0 and the checkpoints" in text


@pytest.mark.parametrize(
    "words", ["F counts losses only", "95 % interval over test examples", "cannot be told"]
)
def test_what_holds_for_all_tables_is_said_in_one_place(folder, words):
    said = {path.stem for path in folder.glob("*.md") if words in path.read_text()}
    assert said == {"reading"}


def test_no_printed_number_has_digits_beyond_its_interval_and_no_column_repeats_itself(folder):
    paths = [folder / f"{entry['name']}.md" for entry in json.loads((folder / "index.json").read_text())]
    assert [fault for path in paths for fault in faults(path)] == []


def test_intervals_of_relations_are_over_recipes(folder):
    text = (folder / "correlations.md").read_text()
    assert "An association over recipes, with its bootstrap interval over them" in text
    assert "Examples" not in text and "Points, each the runs of a recipe on a target: 30." in text


def test_the_long_run_marks_its_minimum(folder):
    lines = read(folder / "table1.csv")
    marked = [line for line in lines if line["note"] == "minimum"]
    assert [(line["method"], line["step"]) for line in marked] == [("SFT long", "60"), ("TMS long", "60")]


def test_training_shows_both_ends_of_the_curves(folder, lookup):
    lines = {(line["train_task"], line["method"]): line for line in read(folder / "training.csv")}
    assert len(lines) == 2 * 3
    line = lines["chain", "GRPO"]
    cells = lookup.cells("training_curves", "reward", method="grpo", train_task="chain")
    rewards = [cell["value"] for cell in sorted(cells, key=lambda cell: cell["x"])]
    assert len(rewards) == 64
    assert float(line["reward_first"]) == pytest.approx(sum(rewards[:6]) / 6)
    assert float(line["reward_last"]) == pytest.approx(sum(rewards[-6:]) / 6)
    assert (line["steps"], float(line["failures_last"])) == ("64", 0)
    assert line["equal_last"] and not lines["chain", "REINFORCE"]["equal_last"]


def test_training_tells_a_temperature_that_is_not_1():
    assert len(training.training([report_cells.lookup()]).notes) == 1
    found = {"reinforce": {"chain": 0.3, "mini_countdown": 0.7}}
    assert training.training([report_cells.lookup(temperatures=found)]).notes[1] == (
        "Entropy and KL to base are taken at the temperature of the rollouts, where it is not 1: "
        "REINFORCE on chain 0.3, REINFORCE on mini countdown 0.7."
    )


def test_how_to_read_tells_the_floor_of_divergences():
    made = report_cells.MadeCells()
    floors = [
        made.cell("main", f"floor.{name}_per_token", value, 0, method="grpo")
        for name, value in (("kl", 2e-7), ("nll", 3e-6))
    ]
    told = how_to_read(report_cells.lookup(cells=[*made.all(), *floors]))
    assert "up to 2.0e-07 nats a token" in told["Divergences"]
    assert "Divergences" not in how_to_read(report_cells.lookup())


def test_costs_tell_the_rollouts(folder, lookup):
    lines = {line["method"]: line for line in read(folder / "compute.csv")}
    reading = lookup.reading("main", "cost.rollouts", "grpo")
    assert float(lines["GRPO"]["cost.rollouts"]) == pytest.approx(reading.value)
    assert "| Rollouts |" in (folder / "compute.md").read_text()


def test_table9_has_the_runs_on_each_target(folder, lookup):
    lines = [line for line in read(folder / "table9.csv") if line["method"] == "TMS"]
    assert [line["train_task"] for line in lines] == ["all", "chain", "mini countdown"]
    reading = lookup.reading("main", "target", "tms", train_task="mini_countdown")
    assert float(lines[2]["target"]) == pytest.approx(reading.value)


def test_correlations_have_a_row_for_each_set_of_points_with_its_range_without_one_recipe(folder, lookup):
    lines = read(folder / "correlations.csv")
    points = {line["points"] for line in lines}
    assert points == {"all", "ranked within each target", "chain alone", "mini countdown alone"}
    assert len(lines) == 6 * 2 * 4
    name, where = "spearman.pld_ref.per_sequence", {"group": "sft", "prompts": ""}
    values = [cell["value"] for cell in lookup.cells("correlations", name, **where) if cell["method"]]
    (line,) = [
        line
        for line in lines
        if (line["predictor"], line["family"], line["points"])
        == ("PLD to references / sequence", "sft", "all")
    ]
    found = [float(line[column]) for column in ("lowest", "highest")]
    assert len(values) == len(METHODS) and found == pytest.approx([min(values), max(values)], rel=1e-7)
    assert [line["lowest"] for line in lines if line["points"] != "all"] == [""] * 36


def test_with_one_target_a_correlation_stands_once(tmp_path):
    lookup = report_cells.lookup(suite=report_cells.SUITE | {"targets": ["chain"]})
    table = all_tables.diagnoses.correlations([lookup])
    assert {texts["points"] for texts, _ in table.rows} == {"all"} and len(table.rows) == 12


def test_models_stand_below_each_other(tmp_path):
    some = {"main": report_cells.EXPERIMENTS["main"]}
    lookups = [report_cells.lookup(model, experiments=some) for model in ("small", "large")]
    index = {entry["name"]: entry for entry in all_tables.write(tmp_path, lookups, [])}
    assert {line["model"] for line in read(tmp_path / "table3.csv")} == {"small", "large"}
    assert "| Model |" in (tmp_path / "table3.md").read_text()
    assert index["table7"]["reason"] == "models.small has no experiment windows"
    assert index["compare"]["reason"] == "no model in scope stands for one of the paper's"


def test_differences_of_areas_hold_the_doubt_of_the_seeds(folder, lookup):
    (note,) = (line for line in (folder / "frontier.md").read_text().splitlines() if "area minus" in line)
    reading = lookup.reading("frontier", "area_difference", "tms", group="sft", prompts="test")
    both = Contrast.difference("", reading)
    assert both.low < reading.low and both.high > reading.high and both.p_value > reading.p_value
    told = f"{written(both, 'number')} over examples and seeds, {p_words(both.p_value)}, uncorrected."
    assert note.endswith(f"TMS's dominated area minus SFT's on test {told}")


def test_a_suite_without_safety_has_no_table6(tmp_path):
    suite = report_cells.SUITE | {"safety": []}
    index = all_tables.write(tmp_path, [report_cells.lookup(suite=suite)], [])
    reason = next(entry["reason"] for entry in index if entry["name"] == "table6")
    assert reason == "the suite of models.tiny has no safety benchmarks"


def test_a_line_break_does_not_end_a_row():
    made = Table("t", "T", {"a": "A\nlabel"}, [], [({"a": "one\r\n two\t three"}, {})], ["A\n\n| note"])
    lines = made.markdown().splitlines()
    assert lines[2:] == ["| A<br>label |", "| --- |", "| one<br>two three |", "", "- A | note"]


def test_bars_do_not_end_a_cell():
    table = Table("t", "T", {"a": "KL(p || q)"}, [Column("x", "X")], [({"a": "p | q"}, {})])
    assert "| KL(p \\|\\| q) | X |" in table.markdown() and "| p \\| q | – |" in table.markdown()


@pytest.mark.parametrize("text", ["{", "{}", '{"suite": {"target": []}}', "[]"])
def test_broken_settings_of_a_model(text):
    with pytest.raises(InputError, match="--models tiny"):
        ModelInfo.read("tiny", text)


def test_the_comparison_is_in_the_papers_units(tmp_path):
    columns = "model,table,method,quantity,paper,ours,ci_low,ci_high,difference,inside,note"
    lines = [
        "m,table9,sft,delta.arc_c,-0.246,-0.2,-0.25,-0.15,0.046,yes,",
        "m,table1,sft,val_nll.per_token at step 500,0.92,0.9,0.8,1.0,-0.02,yes,per token",
        "m,table4_5,,learning_rate,0.0001,0.0001,,,0,yes,",
        "m,table9,grpo,math,0.635,,,,,not measured,no method grpo",
    ]
    (tmp_path / "compare.csv").write_text("\n".join([columns, *lines]) + "\n")
    compared = read_compared(tmp_path / "compare.csv")
    assert [line.paper for line in compared] == pytest.approx([-24.6, 0.92, 0.0001, 63.5])
    assert (compared[0].ours.low, compared[0].ours.high) == pytest.approx((-25.0, -15.0))
    assert (compared[1].quantity, compared[1].step, compared[3].ours) == ("val_nll.per_token", "500", None)


# The miniature's tasks with views and parts as the paper's suites have them.
SUITE = {
    "targets": ["math", "gsm8k"],
    "retention": ["mmlu", "ifeval"],
    "views": {"math500": "math"},
    "safety": ["wildguard"],
}


@pytest.mark.parametrize(
    "pair, entered",
    [
        (("math", "math500"), {"math500"}),  # a view of its own runs is part of no average
        (("math", "math"), {"math", "target", "target_mean", "area"}),
        (("math", "gsm8k"), {"gsm8k", "xfer"}),
        (("gsm8k", "math500"), {"math500", "xfer"}),  # other runs' view is transfer
        (("math", "wildguard"), {"wildguard", "forgetting_ext", "forgetting_floor_ext"}),
        (
            ("gsm8k", "mmlu"),
            {
                *("mmlu", "retention_mean", "retention_matched", "retention_delta", "forgetting"),
                *("forgetting_ext", "forgetting_matched", "forgetting_floor", "area", "rho"),
            },
        ),
    ],
)
def test_what_a_touched_pair_enters(pair, entered):
    quantities = contamination_marks.quantities(Suite(**SUITE), {pair: "note"})
    assert quantities == {key: [pair] for key in entered}


@pytest.mark.parametrize(
    ("task", "benchmark", "entered"),
    [
        ("math", "gsm8k", {"gsm8k", "target", "target_mean", "area"}),
        ("math", "math500", {"math500"}),
        ("ifeval", "gsm8k", {"gsm8k", "xfer"}),
        ("ifeval", "math500", {"math500", "xfer"}),
    ],
)
def test_what_a_pair_within_a_joint_target_enters(task, benchmark, entered):
    """One task's training rows are those of the runs that give the other's column."""
    suite = Suite(["math+gsm8k", "ifeval"], ["mmlu"], {"math500": "math"})
    pair = (task, benchmark)
    assert contamination_marks.quantities(suite, {pair: "note"}) == {key: [pair] for key in entered}


def test_keys_of_columns_name_their_quantity():
    own = {"math500": [("math", "math500")], "forgetting": [("math", "mmlu")]}
    for key in ("math500", "math500.loose", "delta.math500", "math500_asr", "forgetting.test"):
        assert contamination_marks.pairs_of(key, own), key
    for key in ("math", "forgetting_floor", "target_mean.test", "cost.seconds"):
        assert not contamination_marks.pairs_of(key, own), key


@pytest.fixture(scope="module")
def touched_folder(tmp_path_factory):
    """Tables of a suite in which a training task shares text with a view, and another with itself."""
    folder = tmp_path_factory.mktemp("touched")
    suite = report_cells.SUITE | {"views": {"math500": "chain"}}
    view = [
        cell | {"quantity": "math500", "train_task": ""}
        for cell in report_cells.MadeCells("tiny").all()
        if cell["quantity"] == "chain" and cell["experiment"] == "main" and not cell["train_task"]
    ]
    pairs = {("chain", "math500"): "9 rows: why", ("mini_countdown", "mini_countdown"): "2 rows: so"}
    compared = [
        ComparedNumber("tiny", "table9", "sft", name, "", 77.3, Reading(75.0), "yes", "")
        for name in ("math500", "delta.math500", "gsm8k")
    ]
    lookup = report_cells.lookup(cells=report_cells.MadeCells("tiny").all() + view, suite=suite)
    all_tables.write(folder, [lookup], compared, {"tiny": pairs})
    return folder


def test_touched_columns_have_a_dagger_and_a_footnote(touched_folder):
    text = (touched_folder / "table3.md").read_text()
    heads = next(line for line in text.splitlines() if line.startswith("| Method")).split(" | ")
    assert [head for head in heads if "†" in head] == ["mini countdown †", "MATH-500 †"]
    assert "- † tiny, trained on chain, tested on MATH-500: 9 rows: why" in text
    (line,) = [line for line in read(touched_folder / "table3.csv") if line["method"] == "TMS"]
    assert (line["math500_touched"], line.get("facts_touched", "")) == ("†", "")


def test_touched_rows_have_a_dagger(touched_folder):
    text = (touched_folder / "table2.md").read_text()
    assert "| mini countdown † |" in text and "| chain |" in text
    assert "tested on mini countdown: 2 rows: so" in text and "MATH-500" not in text
    lines = (touched_folder / "compare.md").read_text().splitlines()
    assert ["†" in line for line in lines if "MATH-500" in line and line.startswith("|")] == [True, True]
    assert ["†" in line for line in lines if "GSM8K" in line] == [False]


def test_tables_that_nothing_touches_have_no_dagger(folder, touched_folder):
    assert not any("†" in path.read_text() for path in folder.iterdir())
    assert "†" not in (touched_folder / "correlations.md").read_text()


def test_a_retention_set_marks_what_is_computed_from_it(tmp_path):
    all_tables.write(tmp_path, [report_cells.lookup()], [], {"tiny": {("chain", "facts"): "why"}})
    every = ("table1", "table3", "table7", "table9", "frontier", "alpha", "mixture", "checkpoints")
    for name in (*every, "correlations", "task_dependence"):
        assert "† tiny, trained on chain, tested on facts: why" in (tmp_path / f"{name}.md").read_text(), name
    marked = [line for line in (tmp_path / "theorem61.md").read_text().splitlines() if "†" in line]
    # A line of each method, and the footnote.
    assert len(marked) == len(METHODS) + 1 and all("facts" in line for line in marked)


def test_methods_at_a_share_of_the_learning_rate_are_named():
    table = settings.table4_5([report_cells.lookup(cells=[], scales={"sft_lr10": 0.1, "tms_lr30": 0.3})])
    assert table.notes == ["At a share of the learning rate: TMS lr30 0.3, SFT lr10 0.1."]
    assert settings.table4_5([report_cells.lookup(cells=[])]).notes == []


def test_settings_are_printed_exactly():
    rows = [{"tasks": ["chain"], "learning_rate": 1.2345678e-05, "tensor_parallel": 0}]
    made = settings.table4_5([report_cells.lookup(cells=[], settings=rows)])
    ((texts, _),) = made.rows
    assert (texts["learning_rate"], texts["tensor_parallel"]) == ("1.2345678e-05", "none")


@pytest.mark.parametrize("seeds, said", [(1, True), (3, False)])
def test_numbers_of_one_seed_are_said_to_be_for_this_run(seeds, said):
    cells = report_cells.MadeCells("tiny", seeds=seeds).all(report_cells.EXPERIMENTS)
    told = how_to_read(report_cells.lookup(cells=cells))
    assert ("differs for this run" in told.get("Seeds", "")) == said


def test_few_targets_are_said_to_be_described(folder):
    text = (folder / "task_dependence.md").read_text()
    assert "- 2 targets are described and not tested: they have so few orders" in text


def test_general_prompts_have_columns_where_a_method_replays(folder, lookup):
    without = set(read(folder / "targets.csv")[0])
    assert not {"targets.general", "targets.general_tokens"} & without
    cells = [cell for cells in lookup._cells.values() for cell in cells]
    shares = [cell for cell in cells if cell["quantity"] == "targets.teacher"]
    replayed = [cell | {"quantity": "targets.general", "value": 0.25} for cell in shares]
    table = training.targets([report_cells.lookup(cells=[*cells, *replayed])])
    assert {reading.value for reading in table.readings("targets.general")} == {0.25}
    assert "without general prompts" in table.caption
