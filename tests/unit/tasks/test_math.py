"""GSM8K, MATH and MATH-500: rows from the hub's layout, and of the real sets."""

import gzip
import json

import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.hub_folder import hub_folder, jsonl

from tms.data.math_prompt import last_box, listed_boxes
from tms.io.errors import InputError
from tms.tasks import gsm8k, math, math500

GSM8K = [
    {
        "question": "Ann has 2 bags of 600 nuts. How many nuts?",
        "answer": "She has 2*600=<<2*600=1200>>1200 nuts.\n#### 1,200",
    },
    *(
        {"question": f"What is {i} less than 0?", "answer": f"0-{i}=<<0-{i}=-{i}>>-{i}\n#### -{i}"}
        for i in range(1, 20)
    ),
]


@pytest.mark.parametrize(
    "text, box",
    [
        (r"so $\boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
        (r"$\boxed{1}$, no, $\boxed{ \text{a {b}} }$", r"\text{a {b}}"),
        (r"is $\boxed 3$.", "3"),
        (r"is $\boxed{3$.", None),
        (r"is $\boxed $", None),
        ("no box", None),
    ],
)
def test_the_last_box(text, box):
    assert last_box(text) == box


@pytest.mark.parametrize(
    "text, answer",
    [
        (r"$t = \boxed{ 1}$ or $t = \boxed{2}$. It works.", "1, 2"),
        (r"are $\boxed{(0,0)}$, $\boxed{(1,1)}$, and $\boxed{(2,2)}.$", "(0,0), (1,1), (2,2)"),
        (r"First $\boxed{3}$. Then $\boxed{4}$ and $b = 2$.", "4"),
        (r"of $\frac{1}{2}$ and $\boxed{4}$ after \boxed{3}: \boxed 5", "5"),
        ("no box", None),
    ],
)
def test_boxes_of_a_list(text, answer):
    assert listed_boxes(text) == answer


def test_a_problem_that_asks_for_several_values_has_them_all_as_its_answer():
    item = {"problem": "Find $k$.", "level": "Level 1", "solution": r"$k = \boxed{5}$ or $k = \boxed{-3}$."}
    assert math.row("x", item)["answer"] == "-3"
    asked = item | {"problem": "Find all $k,$ separated by commas."}
    assert math.row("x", asked)["answer"] == "5, -3"


def test_gsm8k_rows(tmp_path):
    hub_folder(
        tmp_path / "gsm8k",
        ("main", "train", "train.jsonl", jsonl(GSM8K)),
        ("main", "test", "test.jsonl", jsonl(GSM8K[:1])),
    )
    [row] = gsm8k.build("test", 1, 0, {}, tmp_path)
    assert row == {
        "example_id": "gsm8k-test-0",
        "prompt": "Ann has 2 bags of 600 nuts. How many nuts?\n\n"
        "Please reason step by step, and put your final answer within \\boxed{}.",
        "answer": "1200",
        "problem": "Ann has 2 bags of 600 nuts. How many nuts?",
        "solution": "She has 2*600=1200 nuts.\nThe final answer is $\\boxed{1200}$.",
    }
    assert len(gsm8k.build("train", 18, 0, {}, tmp_path)) == 18
    assert {row["answer"] for row in gsm8k.build("heldout", 2, 0, {}, tmp_path)} <= {
        f"-{i}" for i in range(1, 20)
    } | {"1200"}
    with pytest.raises(InputError, match="19 train rows asked for, but there are 18"):
        gsm8k.build("train", 19, 0, {}, tmp_path)


def test_gsm8k_without_a_final_answer(tmp_path):
    rows = [{"question": "1 + 1?", "answer": "It is 2."}]
    hub_folder(tmp_path / "gsm8k", ("main", "test", "test.jsonl", jsonl(rows)))
    with pytest.raises(InputError, match="gsm8k-test-0 has no final answer"):
        gsm8k.build("test", 1, 0, {}, tmp_path)


def math_folder(root, solution=r"It is $\boxed{%d}$."):
    return hub_folder(
        root / "math",
        *(
            (
                subject,
                split,
                f"{subject}/{split}.jsonl",
                jsonl(
                    [
                        {
                            "problem": f"{split} {subject} {i}?\n",
                            "level": "Level ?",
                            "type": subject.title(),
                            "solution": solution % i if "%d" in solution else solution,
                        }
                        for i in range(4)
                    ]
                ),
            )
            for subject in math.SUBJECTS
            for split in ("train", "test")
        ),
    )


def test_math_rows_are_of_all_subjects(tmp_path):
    math_folder(tmp_path)
    rows = math.build("test", 28, 0, {}, tmp_path)
    assert [row["example_id"] for row in rows[3:5]] == [
        "math-test-algebra-3",
        "math-test-counting_and_probability-0",
    ]
    assert rows[3]["answer"] == "3" and rows[3]["solution"] == r"It is $\boxed{3}$."
    assert rows[3]["prompt"].startswith("test algebra 3?\n\nPlease")
    train = math.build("train", 26, 0, {}, tmp_path) + math.build("heldout", 2, 0, {}, tmp_path)
    assert len({row["example_id"] for row in train}) == 28
    assert all(row["problem"].startswith("train") for row in train)


def test_math_without_a_box(tmp_path):
    math_folder(tmp_path, "It is 3.")
    with pytest.raises(InputError, match=r"math-test-algebra-0 has no .boxed answer"):
        math.build("test", 1, 0, {}, tmp_path)


def test_math500_trains_on_its_test_only_if_told(tmp_path):
    rows = [
        {
            "problem": f"{i} + 1?",
            "solution": f"$\\boxed{{{i + 1}}}$",
            "answer": str(i + 1),
            "unique_id": f"test/a/{i}.json",
        }
        for i in range(20)
    ]
    hub_folder(tmp_path / "math_500", ("default", "test", "test.jsonl", jsonl(rows)))
    test = math500.build("test", 20, 0, {}, tmp_path)
    assert test[0]["example_id"] == "math500-test/a/0" and test[0]["answer"] == "1"
    with pytest.raises(InputError, match=r"train_on_test"):
        math500.build("train", 20, 0, {}, tmp_path)
    literal = {"train_on_test": True}
    train = math500.build("train", 20, 0, literal, tmp_path)
    assert sorted(map(str, train)) == sorted(map(str, test))
    assert all(row in train for row in math500.build("heldout", 2, 0, literal, tmp_path))


@needs_data
def test_real_gsm8k():
    train, heldout = (
        gsm8k.build(split, size, 0, {}, DATA) for split, size in [("train", 6973), ("heldout", 500)]
    )
    test = gsm8k.build("test", 1319, 0, {}, DATA)
    assert len({row["example_id"] for row in [*train, *heldout, *test]}) == 7473 + 1319
    assert test[0]["problem"].startswith("Janet’s ducks lay 16 eggs per day.") and test[0]["answer"] == "18"
    assert all(row["answer"].lstrip("-").isdigit() for row in [*train, *heldout, *test])
    assert not any("<<" in row["solution"] or "####" in row["solution"] for row in [*train, *heldout, *test])


@needs_data
def test_real_math_answers_are_math500s():
    rows = [
        *math.build("train", 7000, 0, {}, DATA),
        *math.build("heldout", 500, 0, {}, DATA),
        *math.build("test", 5000, 0, {}, DATA),
    ]
    assert len({row["example_id"] for row in rows}) == 12_500
    assert all(row["answer"] for row in rows)
    answers = {row["problem"]: row["answer"] for row in rows}
    views = math500.build("test", 500, 0, {}, DATA)
    assert [row["example_id"] for row in views if answers[row["problem"]] != row["answer"].strip()] == []


@needs_data
def test_real_math_has_two_empty_boxes():
    rows = [*math.build("train", 7000, 0, {}, DATA), *math.build("heldout", 500, 0, {}, DATA)]
    solutions = {row["problem"]: row for row in rows}
    with gzip.open(DATA / "math" / "raw" / "math.jsonl.gz", "rt") as lines:
        empty = [item for item in map(json.loads, lines) if r"\boxed{}" in item["solution"]]
    assert [item["path"] for item in empty] == [
        "train/number_theory/7115.json",
        "train/number_theory/7117.json",
    ]
    for item in empty:
        row = solutions[item["problem"]]
        assert row["answer"] == "0" and r"\boxed{0}" in row["solution"]


@needs_data
def test_real_math_has_the_rows_of_the_original():
    with gzip.open(DATA / "math" / "raw" / "math.jsonl.gz", "rt") as lines:
        original = [json.loads(line) for line in lines]
    test = {row["problem"] for row in math.build("test", 5000, 0, {}, DATA)}
    assert test == {row["problem"] for row in original if row["path"].startswith("test/")}
