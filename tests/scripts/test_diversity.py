"""Diversity from grade files: cells checked by hand, files that do not fit, and what cannot be measured."""

import math

import pytest

from tms.experiments import cells
from tms.io import parquet

# Prompt -> samples in order, as (extracted answer, grade). K = 2 of n = 3.
BASE = {
    "p0": [("7", 1.0), ("07", 1.0), ("8", 0.0)],
    "p1": [("3", 0.0), ("4", 1.0), ("5", 0.0)],
    "p2": [("", 0.0), ("1", 0.0), ("", 0.0)],
    "p3": [("2", 0.0), ("2", 0.0), ("6", 1.0)],
}
SFT = {prompt: [("7", float(prompt != "p2"))] * 3 for prompt in BASE}
TMS = {prompt: [("7", 1.0), ("9", float(prompt == "p0")), ("7", 1.0)] for prompt in BASE}
OTHER_SEED = {prompt: [("7", 0.0)] * 3 for prompt in BASE}


def write_grades(path, benchmarks):
    """`benchmarks`: name -> prompt -> [(extracted, grade)]."""
    written = [
        dict.fromkeys(parquet.GRADES)
        | {
            "benchmark": benchmark,
            "example_id": prompt,
            "sample": index,
            "extracted": extracted,
            "grade": grade,
            "reason": "crash" if grade is None and extracted == "" else "",
        }
        for benchmark, prompts in benchmarks.items()
        for index in (2, 0, 1, 3)  # rows may come in any order
        for prompt, samples in prompts.items()
        for extracted, grade in samples[index : index + 1]
    ]
    parquet.write(path, parquet.GRADES, written, {})


def write_generations(path, benchmarks, responses):
    """`responses`: completions of each prompt's samples; "some text" where there are none."""
    written = [
        dict.fromkeys(parquet.COMPLETIONS)
        | {"benchmark": benchmark, "example_id": prompt, "sample": index}
        | {"completion": responses[index] if responses else "some text"}
        for benchmark, prompts in benchmarks.items()
        for prompt, samples in prompts.items()
        for index in range(len(samples))
    ]
    parquet.write(path, parquet.COMPLETIONS, written, {})


@pytest.fixture
def measured(program, tmp_path):
    """Call `measured(runs, graders=..., greedy=...)`: the finished process, after which there are cells."""

    def run(runs, graders=("chain=chain",), k=2, greedy=None, responses=None):
        for label, benchmarks in runs.items():
            write_grades(tmp_path / label / "samples.parquet", benchmarks)
            write_generations(tmp_path / label / "generations.parquet", benchmarks, responses)
            # Greedy completions of more prompts than were sampled; the first half of the sampled are right.
            found = greedy or {
                name: {prompt: [("7", float(prompt < "p2"))] for prompt in [*prompts, "p8", "p9"]}
                for name, prompts in benchmarks.items()
            }
            write_grades(tmp_path / label / "greedy.parquet", found)
        words = ["--model", "m", "--k", k, "--graders", *graders, "--output", "cells.parquet"]
        for flag in ("samples", "generations", "greedy"):
            words += [f"--{flag}", *[f"{label}={label}/{flag}.parquet" for label in runs]]
        return program("diversity", *words)

    return run


RUNS = {
    "base": {"chain": BASE},
    "sft/chain/seed0": {"chain": SFT},
    "tms/chain/seed0": {"chain": TMS},
    "tms/chain/seed1": {"chain": OTHER_SEED},
}


def value(found, quantity, method, **columns):
    (cell,) = cells.select(found, quantity=quantity, method=method, **columns)
    return cell["value"]


def test_cells_by_hand(measured, tmp_path):
    done = measured(RUNS)
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "cells.parquet"])
    assert {(cell["experiment"], cell["model"], cell["train_task"], cell["x"]) for cell in found} == {
        ("diversity", "m", "chain", 2.0)
    }
    of_base = {cell["quantity"]: cell["value"] for cell in cells.select(found, method="base")}
    assert of_base == {
        "greedy": 0.5,
        "pass_at_1": pytest.approx((2 / 3 + 1 / 3 + 0 + 1 / 3) / 4),
        "pass_at_k": pytest.approx((1 + 2 / 3 + 0 + 2 / 3) / 4),  # 1 - C(3-c, 2) / C(3, 2)
        "sc_acc": 1 / 4,  # of p1's tie the first answer, which is wrong; p2 has no answer first
        "ans_ent": pytest.approx((0 + math.log(2) + math.log(2) + 0) / 4),  # 07 is 7
        "coverage": 2 / 4,
        "coverage_n": 3 / 4,
        "distinct_solutions": 3 / 4,  # all completions are one
        "mixed_classes": 0.0,
    }
    # The vote of p2's class 7 fails in SFT, where 7 is wrong; TMS's 9 is right for p0 alone; seed 1 is wrong.
    assert value(found, "sc_acc", "sft") == 3 / 4
    assert value(found, "distinct_solutions", "tms") == pytest.approx((1 + 0) / 2)
    assert value(found, "pass_at_1", "tms") == pytest.approx(((3 + 2 + 2 + 2) / 12 + 0) / 2)
    (sampled,) = cells.select(found, quantity="pass_at_1", method="tms")
    assert (sampled["n"], sampled["seeds"], sampled["note"]) == (4, 2, "3 samples a prompt")
    assert sampled["ci_low"] <= sampled["value"] <= sampled["ci_high"]
    assert sampled["seeds_low"] < 0 < sampled["seeds_high"]  # two seeds that disagree say little
    assert cells.select(found, quantity="pass_at_1", method="base")[0]["seeds_low"] is None


def test_prompts_of_which_a_row_was_lost_count_for_no_model(measured, tmp_path):
    lost = {**TMS, "p1": [("7", 1.0), ("", None), ("7", 1.0)]}
    assert measured({**RUNS, "tms/chain/seed0": {"chain": lost}}).returncode == 0
    found = cells.read([tmp_path / "cells.parquet"])
    assert value(found, "pass_at_1", "base") == pytest.approx((2 / 3 + 0 + 1 / 3) / 3)
    (cell,) = cells.select(found, quantity="pass_at_1", method="tms")
    assert cell["note"] == "3 samples a prompt; 1 prompts left out, rows of which were lost"


def test_a_task_that_lost_a_row_of_every_prompt_is_not_measured(measured, tmp_path):
    lost = {prompt: [("", None), *samples[1:]] for prompt, samples in TMS.items()}
    done = measured({**RUNS, "tms/chain/seed0": {"chain": lost}})
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "cells.parquet"])
    assert {cell["method"] for cell in found} == {"base", "sft", "tms"}
    assert {cell["value"] for cell in found} == {None}
    assert {cell["note"] for cell in found} == {"not measured: of every prompt a row was lost"}


def test_differences_and_marks(measured, tmp_path):
    assert measured(RUNS).returncode == 0
    found = cells.read([tmp_path / "cells.parquet"])
    assert value(found, "delta.sc_acc", "sft") == 0.5
    assert value(found, "versus_sft.ans_ent", "tms") == pytest.approx(math.log(2) / 2)
    (one,) = cells.select(found, quantity="delta.greedy", method="sft")
    assert one["value"] == 0 and one["p_value"] == 1.0
    # Four prompts distinguish nothing: the worse method is tied, not lost.
    marks = {cell["method"]: cell["mark"] for cell in cells.select(found, quantity="pass_at_1")}
    assert marks == {"base": "", "sft": "best", "tms": "tied"}
    assert {cell["mark"] for cell in cells.select(found, quantity="ans_ent")} == {""}
    p_values = [cell["p_value"] for cell in found if "." in cell["quantity"]]
    assert len(p_values) == 6 * 3 and None not in p_values


def test_a_clear_difference_is_told_from_chance(measured, tmp_path):
    prompts = [f"p{i:03}" for i in range(100)]
    runs = {
        "base": {"chain": {prompt: [("7", float(prompt < "p050"))] * 3 for prompt in prompts}},
        "sft/chain/seed0": {"chain": {prompt: [("7", float(prompt < "p080"))] * 3 for prompt in prompts}},
        "tms/chain/seed0": {"chain": {prompt: [("7", float(prompt < "p020"))] * 3 for prompt in prompts}},
    }
    assert measured(runs).returncode == 0
    found = cells.read([tmp_path / "cells.parquet"])
    (tms,) = cells.select(found, quantity="sc_acc", method="tms")
    assert tms["mark"] == "" and cells.select(found, quantity="versus_sft.sc_acc")[0]["p_value"] < 1e-6
    assert tms["ci_low"] == pytest.approx(0.133367, abs=1e-6)  # Wilson's interval of 20 of 100
    # McNemar's test of 30 discordant prompts, all on one side; 15 tests in all.
    (delta,) = cells.select(found, quantity="delta.sc_acc", method="sft")
    assert 2 * 0.5**30 <= delta["p_value"] <= 15 * 2 * 0.5**30


def test_one_file_of_the_base_holds_all_tasks(measured, tmp_path):
    base = {"chain": BASE, "countdown": {"p0": [("1 + 2", 1.0), ("(1+2)", 1.0), ("2 + 1", 1.0)]}}
    runs = {
        "base": base,
        "sft/chain/seed0": {"chain": SFT},
        "sft/countdown/seed0": {"countdown": base["countdown"]},
    }
    done = measured(runs, graders=["chain=chain", "countdown=countdown"])
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "cells.parquet"])
    assert value(found, "distinct_solutions", "base", train_task="chain") == 3 / 4
    assert value(found, "sc_acc", "base", train_task="countdown") == 1.0


def test_mathematical_answers_are_compared_as_values(measured, tmp_path):
    samples = {"p0": [(r"\frac{1}{2}", 1.0), ("3", 0.0), ("0.5", 1.0)]}
    workings = ["2 / 4 = 1/2", "1 + 2 = 3", "We halve: 2/4 is 1/2."]
    done = measured({"base": {"math": samples}}, graders=["math=math"], k=3, responses=workings)
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "cells.parquet"])
    assert value(found, "ans_ent", "base") == pytest.approx(2 / 3 * math.log(1.5) + math.log(3) / 3)
    assert value(found, "distinct_solutions", "base") == 1 and value(found, "sc_acc", "base") == 1


def test_solutions_are_told_apart_by_their_working(measured, tmp_path):
    """Two ways to one answer; the wrong way of the last sample does not count."""
    samples = {"p0": [("72", 1.0), ("72", 1.0), ("72", 1.0), ("71", 0.0)]}
    workings = ["48/2=24, 48+24=72", "48 * 1.5 = 72", "So 48 / 2 = 24 and\n48 + 24 = 72.", "48 + 23 = 71"]
    done = measured({"base": {"gsm8k": samples}}, graders=["gsm8k=number"], k=4, responses=workings)
    assert done.returncode == 0, done.stderr
    assert value(cells.read([tmp_path / "cells.parquet"]), "distinct_solutions", "base") == 2


def test_chosen_answers_have_no_solutions(measured, tmp_path):
    samples = {"p0": [("A", 1.0), ("B", 0.0), ("A", 1.0)]}
    done = measured({"base": {"mmlu": samples}}, graders=["mmlu=choice"], responses=["1 + 1 = 2"] * 3)
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "cells.parquet"])
    assert value(found, "pass_at_1", "base") == pytest.approx(2 / 3)
    (one,) = cells.select(found, quantity="distinct_solutions")
    assert one["value"] is None
    assert one["note"].startswith("not measured: answers are chosen or recalled, so no solutions are counted")


def test_responses_to_instructions_are_answers_without_a_vote(measured, tmp_path):
    samples = {"p0": [("2 of 2", 1.0), ("2 of 2", 1.0), ("2 of 2", 1.0), ("1 of 2", 0.0)]}
    responses = ["One  poem.", "Another poem.", "One poem.\n", "A bad poem."]
    done = measured({"base": {"ifeval": samples}}, graders=["ifeval=ifeval"], k=4, responses=responses)
    assert done.returncode == 0, done.stderr
    found = cells.read([tmp_path / "cells.parquet"])
    assert value(found, "pass_at_1", "base") == pytest.approx(3 / 4)
    assert value(found, "distinct_solutions", "base") == 2
    assert value(found, "ans_ent", "base") == pytest.approx(1.5 * math.log(2))
    (vote,) = cells.select(found, quantity="sc_acc")
    assert vote["value"] is None
    assert vote["note"] == "not measured: whole responses are the answers; 4 samples a prompt"


def test_scores_between_right_and_wrong_are_not_measured(measured, tmp_path):
    samples = {"p0": [("a", 0.5), ("b", 1.0), ("c", 0.0)]}
    assert measured({"base": {"qa": samples}}, graders=["qa=qa"]).returncode == 0
    found = cells.read([tmp_path / "cells.parquet"])
    assert {cell["value"] for cell in found} == {None}
    assert {cell["note"] for cell in found} == {"not measured: Pass@K needs grades of right or wrong"}


@pytest.mark.parametrize(
    "sft, k, message",
    [
        (
            SFT | {"p9": SFT["p0"]},
            2,
            "error: --samples sft/chain/seed0: other prompts or numbers of samples of ",
        ),
        ({**SFT, "p0": SFT["p0"][:2]}, 2, "error: --samples sft/chain/seed0: other prompts or numbers of "),
        (SFT, 4, "error: base chain p0: 3 samples, fewer than K = 4; sample more of them, or lower K\n"),
    ],
    ids=["other prompts", "fewer samples", "K above n"],
)
def test_samples_that_do_not_fit(measured, sft, k, message):
    done = measured({"base": {"chain": BASE}, "sft/chain/seed0": {"chain": sft}}, k=k)
    assert (done.returncode, done.stderr[: len(message)]) == (2, message)


def test_a_gap_among_the_samples(measured, program, tmp_path):
    measured({"base": {"chain": BASE}})
    path = tmp_path / "base/samples.parquet"
    written = [row for row in parquet.read(path, parquet.GRADES) if row["sample"] != 1]
    parquet.write(path, parquet.GRADES, written, {})
    flags = ["--model", "m", "--k", 1, "--graders", "chain=chain", "--output", "cells.parquet"]
    for flag in ("samples", "generations", "greedy"):
        flags += [f"--{flag}", f"base=base/{flag}.parquet"]
    done = program("diversity", *flags)
    assert done.returncode == 2
    assert "base/samples.parquet: chain p0 has sample 2 where sample 1 should be" in done.stderr


def test_a_sampled_prompt_without_a_greedy_grade(measured):
    done = measured({"base": {"chain": BASE}}, greedy={"chain": {"p0": [("7", 1.0)]}})
    assert done.returncode == 2
    assert "base/greedy.parquet: no grade on chain p1, which was sampled" in done.stderr
