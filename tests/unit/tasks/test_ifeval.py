"""IFEval and RLVR-IFeval: rows from the hub's two layouts, and of the real set."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.hub_folder import hub_folder, jsonl

from tms.io.errors import InputError
from tms.tasks import ifeval

PROMPTS = [
    {
        "key": 1000 + i,
        "prompt": f"Write {i}+ words without a comma.",
        "instruction_id_list": ["length_constraints:number_words", "punctuation:no_comma"],
        "kwargs": [{"relation": "at least", "num_words": i}, {}],
    }
    for i in range(20)
]
# A row as the set has it, all arguments in `ground_truth`, null where unused.
RLVR = {
    "messages": [{"content": "Answer with at least 17 words Add an introductory sentence.", "role": "user"}],
    "ground_truth": '{"func_name": "validate_word_constraint", "N": 17, "quantifier": "at least", '
    '"end_phrase": null, "keyword_list": null, "word": null, "forbidden_words": null, "letter": null, '
    '"i": null, "first_word": null, "postscript_marker": null, "options": null, "section_splitter": null, '
    '"original_prompt": null}',
    "dataset": "ifeval",
    "constraint_type": "Number Words",
    "constraint": "Answer with at least / around / at most {N} words",
}


def test_both_layouts_give_the_same_rows(tmp_path):
    hub_folder(tmp_path / "jsonl" / "ifeval", ("default", "train", "prompts.jsonl", jsonl(PROMPTS)))
    folder = hub_folder(tmp_path / "parquet" / "ifeval", ("default", "train", "prompts.parquet", ""))
    names = ("num_words", "relation", "keywords")
    full = [
        {**row, "kwargs": [{name: k.get(name) for name in names} for k in row["kwargs"]]} for row in PROMPTS
    ]
    pq.write_table(pa.Table.from_pylist(full), folder / "prompts.parquet")
    plain = ifeval.build("test", 20, 0, {}, tmp_path / "jsonl")
    assert plain == ifeval.build("test", 20, 0, {}, tmp_path / "parquet")
    assert json.loads(plain[3]["answer"]) == {
        **PROMPTS[3],
        "kwargs": [{"num_words": 3, "relation": "at least"}, {}],
    }
    assert plain[3]["prompt"] == plain[3]["problem"] == PROMPTS[3]["prompt"]


def test_prompts_that_need_the_sentence_splitter_can_be_left_out(tmp_path, capsys):
    """Whole prompts, also those of which another instruction could be checked."""
    rows = [dict(row) for row in PROMPTS]
    for place, needing in (
        (3, "length_constraints:number_sentences"),
        (7, "change_case:capital_word_frequency"),
    ):
        rows[place]["instruction_id_list"] = ["punctuation:no_comma", needing]
    hub_folder(tmp_path / "ifeval", ("default", "train", "prompts.jsonl", jsonl(rows)))
    whole = ifeval.build("test", 20, 0, {}, tmp_path)
    assert ifeval.build("test", 18, 0, {"sentences": False}, tmp_path) == [
        row for place, row in enumerate(whole) if place not in (3, 7)
    ]
    assert "2 of 20 test rows left out: they need the sentence splitter" in capsys.readouterr().out
    with pytest.raises(InputError, match="19 test rows asked for, but there are 18"):
        ifeval.build("test", 19, 0, {"sentences": False}, tmp_path)


@needs_data
def test_how_many_prompts_of_the_real_set_need_the_splitter():
    kept = ifeval.build("test", 477, 0, {"sentences": False}, DATA)
    assert len(kept) == 541 - 64  # as `tms.config.tasks.note` says
    with pytest.raises(InputError, match="there are 477"):
        ifeval.build("test", 478, 0, {"sentences": False}, DATA)


def test_training_rows_are_translated_and_the_rest_counted(tmp_path, capsys):
    rows = [
        {**RLVR, "messages": [{"content": f"Answer with at least 17 words. {i}", "role": "user"}]}
        for i in range(20)
    ]
    rows[4]["ground_truth"] = '{"func_name": "validate_haiku", "N": null}'
    rows[5]["messages"] = rows[5]["messages"] + [{"content": "And then?", "role": "assistant"}]
    hub_folder(tmp_path / "rlvr_ifeval", ("default", "train", "data/train.jsonl", jsonl(rows)))
    train = ifeval.build("train", 17, 0, {}, tmp_path)
    heldout = ifeval.build("heldout", 1, 0, {}, tmp_path)
    assert len({row["example_id"] for row in train + heldout}) == 18
    assert not {"rlvr-ifeval-4", "rlvr-ifeval-5"} & {row["example_id"] for row in train + heldout}
    for row in train:
        assert json.loads(row["answer"]) == {
            "key": int(row["example_id"].removeprefix("rlvr-ifeval-")),
            "prompt": row["prompt"],
            "instruction_id_list": ["length_constraints:number_words"],
            "kwargs": [{"num_words": 17, "relation": "at least"}],
        }
    printed = capsys.readouterr().out
    assert "1 of 20 training rows left out: unknown function validate_haiku" in printed
    assert "1 of 20 training rows left out: not one user message" in printed


def test_training_on_the_test_prompts_as_the_paper_does(tmp_path):
    hub_folder(tmp_path / "ifeval", ("default", "train", "prompts.jsonl", jsonl(PROMPTS)))
    literal = {"train_on_test": True}
    train, test = (ifeval.build(split, 20, 0, literal, tmp_path) for split in ("train", "test"))
    assert train != test and sorted(map(str, train)) == sorted(map(str, test))
    assert all(row in train for row in ifeval.build("heldout", 2, 0, literal, tmp_path))


def test_instructions_without_arguments_are_named():
    with pytest.raises(InputError, match="key 1000 has 2 instructions and 1 kwargs"):
        ifeval.test_row({**PROMPTS[0], "kwargs": [{}]})


@needs_data
def test_real_prompts_in_both_layouts(tmp_path):
    (tmp_path / "ifeval").symlink_to(DATA / "ifeval" / "parquet")
    rows = ifeval.build("test", 541, 0, {}, DATA)
    assert rows == ifeval.build("test", 541, 0, {}, tmp_path)
    answers = [json.loads(row["answer"]) for row in rows]
    assert sum(len(answer["instruction_id_list"]) for answer in answers) == 834
    assert len({row["example_id"] for row in rows}) == 541 and rows[0]["example_id"] == "ifeval-1000"
    assert not any(
        value is None for answer in answers for found in answer["kwargs"] for value in found.values()
    )
