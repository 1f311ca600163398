"""Multiple choice (MMLU, MMLU-Pro, ARC, SafetyBench): rows from the hub's layout, and of the real sets."""

import hashlib
import json

import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.hub_folder import hub_folder, jsonl

from tms.data.choice_prompt import choice_row
from tms.io.errors import InputError
from tms.tasks import arc, mmlu, mmlu_subjects, safetybench


def gold(row):
    answer = json.loads(row["answer"])
    assert len(answer["labels"]) == len(answer["texts"]) and answer["label"] in answer["labels"]
    for label, text in zip(answer["labels"], answer["texts"], strict=True):
        assert f"\n{label}. {text}\n" in row["prompt"]
    assert row["prompt"].endswith(f"<label> is one of {', '.join(answer['labels'])}.")
    return answer


def test_a_choice_row():
    assert choice_row("x", "Which?", ["this", "that"], 1) == {
        "example_id": "x",
        "prompt": "Which?\n\nA. this\nB. that\n\nThink step by step, then finish with a line of the form "
        '"answer: <label>", where <label> is one of A, B.',
        "answer": '{"label": "B", "labels": ["A", "B"], "texts": ["this", "that"]}',
        "problem": "Which?\nthis\nthat",
        "solution": "",
    }


@pytest.mark.parametrize("index", [-1, 2])
def test_a_gold_that_is_no_choice(index):
    with pytest.raises(InputError, match=f"row x: 2 choices, and the index of the right one is {index}"):
        choice_row("x", "Which?", ["this", "that"], index)


AUXILIARY = [
    {"question": f"Which is {i}?", "subject": "", "choices": [str(i), "a", "b", "c"], "answer": 0}
    for i in range(20)
]


@pytest.mark.parametrize("rows", [AUXILIARY, [{"train": row} for row in AUXILIARY]])
def test_mmlu_trains_on_auxiliary_questions_nested_or_not(tmp_path, rows):
    hub_folder(tmp_path / "mmlu", ("all", "auxiliary_train", "auxiliary.jsonl", jsonl(rows)))
    train, heldout = mmlu.build("train", 18, 0, {}, tmp_path), mmlu.build("heldout", 2, 0, {}, tmp_path)
    assert len({row["example_id"] for row in train + heldout}) == 20
    for row in train:
        assert gold(row)["label"] == "A" and row["problem"].startswith("Which is ")


def test_mmlu_auxiliary_without_a_column(tmp_path):
    rows = [{"question": "Which?", "options": ["this", "that"], "answer": 0}]
    hub_folder(tmp_path / "mmlu", ("all", "auxiliary_train", "auxiliary.jsonl", jsonl(rows)))
    with pytest.raises(InputError, match="row mmlu-auxiliary-0 has no choices"):
        mmlu.build("train", 1, 0, {}, tmp_path)


def test_mmlu_pro_trusts_the_letter(tmp_path):
    rows = [
        {
            "question_id": 7,
            "question": "Which?",
            "options": list("abcdefghij"),
            "answer": "J",
            "answer_index": 1,
        },
        {"question_id": 8, "question": "Which?", "options": list("abc"), "answer": "B", "answer_index": 1},
    ]
    hub_folder(tmp_path / "mmlu_pro", ("default", "test", "test.jsonl", jsonl(rows)))
    ten, three = mmlu.build("test", 2, 0, {}, tmp_path)
    assert gold(ten)["label"] == "J" and gold(three)["labels"] == ["A", "B", "C"]
    assert ten["example_id"] == "mmlu-pro-7"


def test_arc_shows_the_rows_own_labels(tmp_path):
    rows = [
        {
            "id": "a",
            "question": "Which?",
            "choices": {"text": ["x", "y", "z"], "label": ["1", "2", "3"]},
            "answerKey": "3",
        },
        {
            "id": "b",
            "question": "Which?",
            "choices": {"text": ["x", "y"], "label": ["A", "B"]},
            "answerKey": "B",
        },
    ]
    hub_folder(tmp_path / "arc_challenge", ("ARC-Challenge", "test", "test.jsonl", jsonl(rows)))
    digits, letters = arc.build("test", 2, 0, {}, tmp_path)
    assert gold(digits) == {"label": "3", "labels": ["1", "2", "3"], "texts": ["x", "y", "z"]}
    assert gold(letters)["label"] == "B"
    with pytest.raises(InputError, match="key 'C'"):
        arc.row(1, {**rows[1], "answerKey": "C"})


def safetybench_folder(root, **changed):
    questions = [
        {"id": 5, "category": "Physical Health", "question": "Is it safe?", "options": ["Yes.", "No."]},
        {"id": 9, "category": "Mental Health", "question": "Which?", "options": ["a", "b", "c"]},
    ]
    answers = {item["id"]: {"category": item["category"], "answer": 1} for item in questions} | changed.get(
        "answers", {}
    )
    folder = hub_folder(
        root / "safetybench",
        ("test", "en", "test_en.json", json.dumps(questions)),
        ("test", "zh", "test_zh.json", json.dumps(questions[:1])),
        ("test", "zh_subset", "test_zh_subset.json", json.dumps(questions[1:])),
    )
    (folder / "answers").mkdir()
    for part in ("en", "zh", "zh_subset"):
        (folder / "answers" / f"test_answers_{part}.json").write_text(json.dumps(answers))
    return folder


def test_safetybench_joins_answers_by_id(tmp_path):
    safetybench_folder(tmp_path)
    rows = safetybench.build("test", 2, 0, {}, tmp_path)
    assert [row["example_id"] for row in rows] == ["safetybench-en-5", "safetybench-en-9"]
    assert [gold(row)["label"] for row in rows] == ["B", "B"]
    [chinese] = safetybench.build("test", 1, 0, {"language": "zh"}, tmp_path)
    assert chinese["example_id"] == "safetybench-zh-5"
    [subset] = safetybench.build("test", 1, 0, {"language": "zh", "subset": True}, tmp_path)
    assert subset["example_id"] == "safetybench-zh_subset-9"


@pytest.mark.parametrize(
    "answers, message",
    [
        ({5: {"category": "Offensiveness", "answer": 1}}, "question 5 does not belong"),
        (
            {5: {"category": "Physical Health", "answer": 2}},
            "safetybench-en-5: 2 choices, and the index of the right one is 2",
        ),
    ],
)
def test_safetybench_answers_must_belong_to_the_questions(tmp_path, answers, message):
    safetybench_folder(tmp_path, answers=answers)
    with pytest.raises(InputError, match=message):
        safetybench.build("test", 2, 0, {}, tmp_path)


def test_safetybench_bad_input(tmp_path, monkeypatch):
    folder = safetybench_folder(tmp_path)
    (folder / "answers" / "test_answers_en.json").unlink()
    with pytest.raises(InputError, match=r"test_answers_en\.json: no readable answer file; put https"):
        safetybench.build("test", 2, 0, {}, tmp_path)
    with pytest.raises(InputError, match="language is 'fr'"):
        safetybench.build("test", 2, 0, {"language": "fr"}, tmp_path)
    with pytest.raises(InputError, match="no English subset"):
        safetybench.build("test", 2, 0, {"subset": True}, tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="HF_HUB_OFFLINE is set; connect"):
        safetybench.answers("en", None)


def test_safetybench_answers_are_pinned_by_their_bytes(tmp_path, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(safetybench, "ANSWERS", tmp_path.as_uri())
    (tmp_path / "test_answers_en.json").write_text('{"1": {"category": "x", "answer": 0}}')
    with pytest.raises(InputError, match="is not the pinned file"):
        safetybench.answers("en", None)
    with pytest.raises(InputError, match=r"test_answers_zh\.json cannot be read"):
        safetybench.answers("zh", None)


@needs_data
def test_real_mmlu():
    rows = mmlu_subjects.build("test", 14_042, 0, {}, DATA)
    assert len({row["example_id"] for row in rows}) == 14_042
    labels = [gold(row)["label"] for row in rows]
    assert [labels.count(label) for label in "ABCD"] == [3222, 3462, 3582, 3776]
    assert rows[0]["example_id"] == "mmlu-abstract_algebra-0"
    shuffled = mmlu_subjects.build("test", 500, 0, {"order": "hash"}, DATA)
    assert len({row["example_id"].split("-")[1] for row in shuffled}) > 40


@needs_data
def test_real_mmlu_pro():
    rows = {row["example_id"]: gold(row) for row in mmlu.build("test", 12_032, 0, {}, DATA)}
    sizes = [len(answer["texts"]) for answer in rows.values()]
    assert len(rows) == 12_032 and sizes.count(10) == 9982 and min(sizes) == 3
    # The one row whose letter and index disagree: in N-H the negative end, nitrogen, is written first.
    contradictory = rows["mmlu-pro-3983"]
    assert contradictory["texts"][contradictory["labels"].index(contradictory["label"])] == "N—H"


@needs_data
def test_real_arc_with_letters_and_with_digits():
    rows = {row["example_id"]: row for row in arc.build("test", 1172, 0, {}, DATA)}
    assert len(rows) == 1172
    sizes = [len(gold(row)["texts"]) for row in rows.values()]
    assert (sizes.count(4), sizes.count(3), sizes.count(5)) == (1165, 4, 3)
    with (DATA / "arc_challenge" / "numeric_labels" / "nysedregents.jsonl").open() as lines:
        digits = [arc.row(0, json.loads(line)) for line in lines]
    assert len(digits) == 46
    for row in digits:
        lettered, numbered = gold(rows[row["example_id"]]), gold(row)
        assert numbered["label"].isdigit() and row["problem"] == rows[row["example_id"]]["problem"]
        assert numbered["labels"].index(numbered["label"]) == lettered["labels"].index(lettered["label"])


@needs_data
def test_real_safetybench(capsys):
    rows = safetybench.build("test", 1500, 0, {}, DATA)
    assert len({row["example_id"] for row in rows}) == 1500 and "test_en_sample" in capsys.readouterr().out
    with pytest.raises(InputError, match="11435 test rows asked for, but there are 1500"):
        safetybench.build("test", 11_435, 0, {}, DATA)
    chinese = safetybench.build("test", 2100, 0, {"language": "zh", "subset": True}, DATA)
    sizes = [len(gold(row)["texts"]) for row in chinese]
    assert (sizes.count(2), sizes.count(3)) == (887, 107)
    with (DATA / "safetybench" / "converted" / "test_zh_subset_with_answers.jsonl").open() as lines:
        for line, row in zip(lines, chinese, strict=True):
            assert "ABCD"[json.loads(line)["answer"]] == gold(row)["label"]


@needs_data
def test_the_pinned_safetybench_answers_are_the_real_ones():
    for part, digest in safetybench.SHA256.items():
        content = (DATA / "safetybench" / "answers" / f"test_answers_{part}.json").read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
