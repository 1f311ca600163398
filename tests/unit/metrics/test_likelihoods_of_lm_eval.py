"""Likelihoods of choices against lm-eval itself, on real rows, in float32: the same choice on every row."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import tiny_models
from helpers.benchmark_data import DATA, needs_data
from helpers.paths import ROOT

from tms.answers import likelihood
from tms.generation.generate import open_model
from tms.metrics.likelihoods import score_missing
from tms.tasks import arc, mmlu, mmlu_subjects

MINIATURE = ROOT / "workflow" / "resources" / "miniature" / "base"
pytestmark = [pytest.mark.slow, needs_data]


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    """Questions of ARC-Challenge, of MMLU's subjects, and of MMLU-Pro with up to ten choices."""
    options = {"order": "hash"}
    kinds = ((arc, 40, {}), (mmlu_subjects, 30, options), (mmlu, 10, options))
    return [
        row | {"benchmark": "quiz"} for kind, size, o in kinds for row in kind.build("test", size, 0, o, DATA)
    ]


@pytest.fixture(scope="module")
def random_model(rows, tmp_path_factory) -> Path:
    """A model with random weights whose tokens are byte pairs of the questions; stored in bfloat16."""
    folder = tmp_path_factory.mktemp("model") / "base"
    tiny_models.with_byte_pairs(folder, [row["problem"] for row in rows])
    return folder


@pytest.mark.parametrize("name", ["random_model", "miniature"])
def test_lm_eval_chooses_the_same_on_every_row(name, rows, request, tmp_path):
    from lm_eval.api.instance import Instance
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.huggingface import HFLM

    class Question(ConfigurableTask):
        """lm-eval's own metrics, for rows that are at hand."""

        def __init__(self):
            self._metric_fn_list = dict.fromkeys(("acc", *likelihood.LENGTHS))
            self.OUTPUT_TYPE, self.multiple_input, self.multiple_target = "multiple_choice", 0, 0
            self._config = SimpleNamespace(process_results=None)

        def doc_to_choice(self, doc):
            return json.loads(doc["answer"])["texts"]

        def doc_to_target(self, doc):
            question = json.loads(doc["answer"])
            return question["labels"].index(question["label"])

    folder = MINIATURE if name == "miniature" else request.getfixturevalue(name)
    model, task = open_model(folder), Question()
    fitting = [row for row in rows if len(row["problem"]) < model.chat.context_length]
    assert len(fitting) > 50
    ours = score_missing(fitting, model, tmp_path / "rows", "quiz")
    # The tokenizer as its file says, as everywhere here.
    official = HFLM(str(folder), tokenizer=model.chat.tokenizer, dtype="float32", device="cpu", batch_size=8)
    requests = [
        Instance("loglikelihood", row, (row["prompt"], f" {text}"), 0)
        for row in ours
        for text in task.doc_to_choice(row)
    ]
    answers = iter(official.loglikelihood(requests, disable_tqdm=True))
    for row in ours:
        theirs = [next(answers) for _ in row["logprobs"]]
        values = np.array([logprob for logprob, _ in theirs])
        assert row["logprobs"] == pytest.approx(values, abs=1e-3)
        for length in (lambda _: 1, *likelihood.LENGTHS.values()):  # also where both are wrong
            by = np.array(list(map(length, task.doc_to_choice(row))))
            assert likelihood.first_largest(row["logprobs"] / by) == np.argmax(values / by)
        grade = likelihood.grade(row["logprobs"], row["answer"])
        also = {metric: value for metric, (value,) in grade.also.items() if metric != "probability"}
        assert task.process_results(row, theirs) == {"acc": grade.score} | also
