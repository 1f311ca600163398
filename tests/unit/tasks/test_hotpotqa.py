"""HotpotQA: rows from the hub's layout, and of the real set."""

import gzip
import json

from helpers.benchmark_data import DATA, needs_data
from helpers.hub_folder import hub_folder, jsonl

from tms.tasks import hotpotqa

ITEM = {
    "id": "5a7a",
    "question": "Which river is longer?",
    "answer": "the Elbe",
    "type": "comparison",
    "level": "hard",
    "supporting_facts": {"title": ["Elbe"], "sent_id": [0]},
    "context": {
        "title": ["Elbe", "Saale"],
        "sentences": [["The Elbe is a river.", " It is long."], ["The Saale is a river."]],
    },
}


def test_sentences_are_joined_as_they_are(tmp_path):
    hub_folder(tmp_path / "hotpotqa", ("distractor", "validation", "rows.jsonl", jsonl([ITEM])))
    [row] = hotpotqa.build("test", 1, 0, {}, tmp_path)
    assert (
        "\n\nElbe: The Elbe is a river. It is long.\n\nSaale: The Saale is a river.\n\nQuestion: Which"
        in row["prompt"]
    )
    assert (row["example_id"], row["answer"], row["problem"]) == (
        "hotpotqa-5a7a",
        "the Elbe",
        "Which river is longer?",
    )
    assert '"answer: <short answer>"' in row["prompt"]


@needs_data
def test_real_rows():
    rows = hotpotqa.build("test", 100, 0, {}, DATA)
    assert len({row["example_id"] for row in rows}) == 100
    with gzip.open(DATA / "hotpotqa" / "dev_questions_only.jsonl.gz", "rt") as lines:
        answers = {item["question"]: item["answer"] for item in map(json.loads, lines)}
    assert all(answers[row["problem"]] == row["answer"] for row in rows)
    assert sum(row["answer"] in row["prompt"] for row in rows) >= 99
