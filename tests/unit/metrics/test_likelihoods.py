"""Log-probabilities of choices: a model with known logits, the store, and what cannot be measured."""

import itertools
import json
from types import SimpleNamespace

import pytest
import torch
from helpers import tiny_models
from torch.nn.functional import log_softmax

from tms.data.choice_prompt import choice_row
from tms.generation.generate import open_model
from tms.io.errors import InputError
from tms.metrics import likelihoods, policy
from tms.metrics.likelihoods import encode, likelihood_key, measured_by, score_missing


def question(name, text, choices, gold=0):
    return choice_row(name, text, choices, gold) | {"benchmark": "quiz"}


QUIZ = [
    question("q0", "Which is it?", ["a", "ab", "abc", "b"]),
    question("q1", "And this?", ["yes", "no"]),
    question("q2", "Twice?", ["no", "yes", "no"]),
]


class Bigrams:
    """A policy whose next token depends on the last one alone, by a table of logits."""

    device = torch.device("cpu")

    def __init__(self, size):
        self.logits_VV = 2 * torch.randn(size, size, generator=torch.Generator().manual_seed(0))
        self.config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(vocab_size=size))

    def __call__(self, input_ids, use_cache):
        return SimpleNamespace(logits=self.logits_VV[input_ids])


@pytest.fixture
def loaded(monkeypatch):
    """Have `Bigrams` in place of the model; the list says how often it was loaded."""
    loads = []

    def load(folder):
        loads.append(folder)
        return Bigrams(80)

    monkeypatch.setattr(policy, "load_policy", load)
    return loads


def test_a_model_with_known_logits(tiny_model, tmp_path, loaded):
    model = open_model(tiny_model)
    found = score_missing(QUIZ, model, tmp_path / "rows", "quiz")
    logs = log_softmax(Bigrams(80).logits_VV.double(), -1)
    tokenizer = model.chat.tokenizer
    for row in found:
        before = tokenizer.encode(row["prompt"])
        for text, logprob in zip(json.loads(row["answer"])["texts"], row["logprobs"], strict=True):
            ids = [before[-1], *tokenizer.encode(f" {text}")]
            expected = sum(logs[last, token].item() for last, token in itertools.pairwise(ids))
            assert logprob == pytest.approx(expected, abs=1e-5)
    assert found[0]["prompt"] == "Question: Which is it?\nAnswer:"
    assert found[2]["logprobs"][0] == found[2]["logprobs"][2]  # equal texts tie to the bit
    a, ab, abc, _ = found[0]["logprobs"]
    assert a > ab > abc  # each begins the next


def test_what_is_stored_is_not_computed_again(tiny_model, tmp_path, loaded, capsys, monkeypatch):
    model, rows = open_model(tiny_model), tmp_path / "rows"
    first = score_missing(QUIZ[:2], model, rows, "quiz")
    assert "quiz: 2 rows, 0 of 6 choices stored, 6 to score" in capsys.readouterr().err
    grown = score_missing(QUIZ, model, rows, "quiz")
    assert "quiz: 3 rows, 6 of 8 choices stored, 2 to score" in capsys.readouterr().err
    assert grown[:2] == first and len(loaded) == 2
    assert score_missing(QUIZ[::-1], model, rows, "quiz") == grown[::-1]
    assert len(loaded) == 2  # nothing to compute: not loaded
    assert not list((rows / model.weights[:16]).glob("*.parquet"))  # apart from completions
    monkeypatch.setattr(likelihoods, "measured_by", lambda: ["another", "version"])
    score_missing(QUIZ, model, rows, "quiz")
    assert len(loaded) == 3


def test_a_stopped_job_has_stored_what_it_computed(tiny_model, tmp_path, loaded, capsys, monkeypatch):
    model = open_model(tiny_model)
    monkeypatch.setattr(likelihoods, "AT_ONCE", 3)
    found = likelihoods._score

    def stopped(*args):
        yield next(found(*args))
        raise SystemExit(143)

    monkeypatch.setattr(likelihoods, "_score", stopped)
    with pytest.raises(SystemExit):
        score_missing(QUIZ, model, tmp_path / "rows", "quiz")
    monkeypatch.setattr(likelihoods, "_score", found)
    score_missing(QUIZ, model, tmp_path / "rows", "quiz")
    assert "3 of 8 choices stored, 5 to score" in capsys.readouterr().err


def test_batches_change_no_choice(tiny_model, tmp_path, monkeypatch):
    model = open_model(tiny_model)
    quiz = [question(f"q{n}", f"Is it {n}?", [str(n), str(n + 1), "none"]) for n in range(9)]
    together = score_missing(quiz, model, tmp_path / "together", "quiz")
    monkeypatch.setattr(likelihoods, "AT_ONCE", 1)
    alone = score_missing(quiz, model, tmp_path / "alone", "quiz")
    for one, other in zip(together, alone, strict=True):
        assert one["logprobs"] == pytest.approx(other["logprobs"], abs=1e-4)
        assert torch.tensor(one["logprobs"]).argmax() == torch.tensor(other["logprobs"]).argmax()


def test_keys_hold_all_that_decides():
    plain = ("w", [1, 2], [3], ["t", "1"])
    others = [("v", [1, 2], [3], ["t", "1"]), ("w", [1], [2, 3], ["t", "1"]), ("w", [1, 2], [4], ["t", "1"])]
    others.append(("w", [1, 2], [3], ["t", "2"]))
    assert len({likelihood_key(*one) for one in [plain, *others]}) == 5
    # A stored row stays the one that it was: a change here computes all of them again.
    assert likelihood_key(*plain).startswith("4832d40c87a3ef0c")


def test_what_cannot_be_measured_is_one_line(tiny_model, tmp_path, monkeypatch):
    model, facts = open_model(tiny_model), measured_by()
    with pytest.raises(InputError, match="quiz: row q3: choice 2 is empty"):
        encode([question("q3", "Which?", ["a", ""])], model, facts)
    with pytest.raises(
        InputError, match=r"quiz: row q4: question and longest choice are 3.. tokens, but .* 256"
    ):
        encode([question("q4", "Which?", ["a", "b" * 300])], model, facts)
    with pytest.raises(InputError, match=r"quiz: row q5: the tokenizer of .* writes nothing"):
        monkeypatch.setattr(model.chat.tokenizer, "encode", lambda text, verbose: [1, 2])
        encode([question("q5", "Which?", ["a", "b"])], model, facts)
    monkeypatch.undo()
    monkeypatch.setattr("tms.metrics.divergence.sequence_nll", lambda *_: [float("nan")] * 2)
    with pytest.raises(InputError, match="a log-probability is no finite number"):
        score_missing([question("q6", "Which?", ["a", "b"])], model, tmp_path, "quiz")


def test_a_text_that_quotes_control_tokens_asks_without_them(tiny_model):
    (found,) = encode(
        [question("q", "Is <|im_end|> one?", ["<|im_start|>yes", "no"])], open_model(tiny_model), []
    )
    assert not {1, 2} & {*found.prompt_ids, *(token for ids in found.choice_ids for token in ids)}


def test_adapters_are_measured_with_their_base(tiny_model, tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = open_model(tiny_models.with_adapters(tiny_model, tmp_path / "adapters", 1))
    (found,) = score_missing(QUIZ[1:2], model, tmp_path / "rows", "quiz")
    (question,) = encode(QUIZ[1:2], model, [])
    policy = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_model), model.folder).eval()
    for ids, logprob in zip(question.choice_ids, found["logprobs"], strict=True):
        whole = torch.tensor([question.prompt_ids + ids])
        with torch.no_grad():
            logs = log_softmax(policy(whole).logits[0], -1)[len(question.prompt_ids) - 1 : -1]
        assert logprob == pytest.approx(sum(logs[range(len(ids)), ids]).item(), abs=1e-3)
    (base,) = score_missing(QUIZ[1:2], open_model(tiny_model), tmp_path / "rows", "quiz")
    assert base["logprobs"] != pytest.approx(found["logprobs"], abs=1e-2)
