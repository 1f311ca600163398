"""From plan, references and harvest to what the student trains on."""

import pytest

from tms.io import parquet

VISITS = [  # position, example, checkpoint ("" is the teacher)
    (0, "a", "1of2"),
    (1, "b", ""),
    (2, "b", "1of1"),
    (3, "a", "1of2"),
]


@pytest.fixture
def build(program, tmp_path):
    """Run the program on two training prompts and a held-out one."""
    plan = [
        {
            "split": "train",
            "epoch": position // 2,
            "position": position,
            "example_id": example_id,
            "source": "checkpoint" if checkpoint else "teacher",
            "checkpoint": checkpoint,
            "sample": 0,
        }
        for position, example_id, checkpoint in VISITS
    ]
    plan.append(plan[0] | {"split": "heldout", "example_id": "h", "checkpoint": "1of1"})
    parquet.write(tmp_path / "plan.parquet", parquet.PLAN, plan, {"stage": "plan_mixture"})
    for name, ids in (("references", "ab"), ("heldout", "h")):
        lines = [
            {"example_id": i, "prompt": f"p {i}", "completion": f"taught {i}", "answer": "rome"} for i in ids
        ]
        parquet.write(tmp_path / f"{name}.parquet", parquet.REFERENCES, lines, {})
    harvest = {
        "part-1of2": [("train", "a", "1of2", "it is rome", "stop")],
        "part-2of2": [
            ("train", "b", "1of1", "it is paris", "stop"),
            ("heldout", "h", "1of1", "it is", "length"),
            ("train", "a", "1of1", "not planned", "length"),
        ],
    }
    for part, lines in harvest.items():
        completions = [
            {
                "example_id": example_id,
                "benchmark": "facts",
                "split": split,
                "seed": 0,
                "sample": 0,
                "checkpoint": checkpoint,
                "prompt": "p",
                "completion": text,
                "completion_ids": [5, 6],
                "finish_reason": finish_reason,
                "answer": "rome",
                "seconds": 0.1,
            }
            for split, example_id, checkpoint, text, finish_reason in lines
        ]
        parquet.write(tmp_path / f"{part}.parquet", parquet.COMPLETIONS, completions, {"part": part})

    def run(*words, parts=("part-1of2.parquet", "part-2of2.parquet")):
        return program(
            *("build_mixture", "--plan", "plan.parquet", "--references", "references.parquet"),
            *("--heldout-references", "heldout.parquet", "--harvest", *parts),
            *("--output", "mixture.parquet", "--heldout-output", "heldout_mixture.parquet", *words),
        )

    return run


def test_targets_stand_in_the_plans_order(build, tmp_path):
    done = build()
    assert done.returncode == 0, done.stderr
    mixture = parquet.read(tmp_path / "mixture.parquet", parquet.MIXTURE)
    assert [(row["position"], row["prompt"], row["completion"]) for row in mixture] == [
        (0, "p a", "it is rome"),
        (1, "p b", "taught b"),
        (2, "p b", "it is paris"),
        (3, "p a", "it is rome"),
    ]
    assert [row["completion_ids"] for row in mixture] == [[5, 6], [], [5, 6], [5, 6]]
    [heldout] = parquet.read(tmp_path / "heldout_mixture.parquet", parquet.MIXTURE)
    assert (heldout["example_id"], heldout["finish_reason"]) == ("h", "length")
    # Only planned completions count; h is one of two at 1of1.
    assert "checkpoint 1of2: all stop" in done.stdout
    assert "checkpoint 1of1: length 50.0%" in done.stdout
    assert parquet.provenance(tmp_path / "mixture.parquet")["plan"] == {"stage": "plan_mixture"}


def test_keep_correct_masks_what_the_grader_refuses_and_moves_nothing(build, tmp_path):
    done = build("--keep", "correct", "--grader", "facts")
    assert done.returncode == 0, done.stderr
    mixture = parquet.read(tmp_path / "mixture.parquet", parquet.MIXTURE)
    assert [row["finish_reason"] for row in mixture] == ["stop", "stop", "rejected", "stop"]
    assert "rejected 50.0%" in done.stdout


def test_keep_correct_grades_each_row_with_its_tasks_grader(build, tmp_path):
    """`number` finds none in the only row of `sums`, which `facts` accepts."""
    rows = parquet.read(tmp_path / "part-1of2.parquet", parquet.COMPLETIONS)
    rows = [row | {"benchmark": "sums"} for row in rows]
    parquet.write(tmp_path / "part-1of2.parquet", parquet.COMPLETIONS, rows, {})
    done = build("--keep", "correct", "--grader", "sums=number", "facts=facts")
    assert done.returncode == 0, done.stderr
    mixture = parquet.read(tmp_path / "mixture.parquet", parquet.MIXTURE)
    assert [row["finish_reason"] for row in mixture] == ["rejected", "stop", "rejected", "rejected"]
    done = build("--keep", "correct", "--grader", "facts=facts")
    assert done.stderr.splitlines()[-1] == "error: --grader: none for the rows of sums; add sums=GRADER"


def test_keep_correct_needs_a_grader(build):
    done = build("--keep", "correct")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "error: --keep correct: name the task's grader with --grader",
    )


def test_a_missing_part_is_named(build):
    done = build(parts=("part-2of2.parquet",))
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: part-2of2.parquet: no completion of train example a at checkpoint 1of2"
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "references.parquet: no references"),
        ([{"example_id": "a", "context": "[1]"}], "references.parquet: example a: message 1 of its context"),
    ],
)
def test_references_without_a_row_or_with_a_broken_context_are_named(build, tmp_path, rows, message):
    lines = [row | {"prompt": "p", "completion": "c", "answer": "rome"} for row in rows]
    parquet.write(tmp_path / "references.parquet", parquet.REFERENCES, lines, {})
    done = build()
    assert done.returncode == 2
    assert message in done.stderr
