"""The miniature: its answers, corpus, tokenizer and optimiser."""

import json
from itertools import islice
from random import Random

import pytest

from tms.data.splits import split_of
from tms.graders import chain as chain_grader
from tms.graders import countdown as countdown_grader
from tms.graders import lookup as lookup_grader
from tms.io.errors import InputError
from tms.miniature import answers
from tms.miniature.corpus import Corpus
from tms.tasks import chain, countdown, facts, lookup

TASKS = {
    "mini_countdown": {
        "kind": "countdown",
        "options": {"count": 3, "max_number": 12, "max_target": 40, "prompt": "make {target} from {numbers}"},
    },
    "chain": {"kind": "chain", "options": {}},
    "facts": {"kind": "facts"},
    "lookup": {"kind": "lookup"},
    "refusal": {"kind": "refusal"},
}


def test_worked_countdown_answers_are_right():
    settings, solved = countdown.read_options(TASKS["mini_countdown"]["options"]), 0
    for index in range(1000):
        random = Random(index)
        numbers, target = countdown.problem(random, settings)
        if not answers.countdown_solvable(numbers, target):
            continue
        gold = json.dumps({"numbers": numbers, "target": target})
        for answer in (answers.countdown_worked, answers.countdown_right):
            assert countdown_grader.grade(answer(random, numbers, target), gold).score == 1.0
        solved += 1
    assert solved > 900


def test_chain_answers_are_right_where_they_should_be():
    settings = chain.read_options({})
    for index in range(200):
        random = Random(index)
        operators, numbers = chain.problem(random, settings)
        gold = str(chain.steps(operators, numbers)[-1])
        for answer in (answers.chain_worked, answers.chain_short, answers.chain_right):
            assert chain_grader.grade(answer(random, operators, numbers), gold).score == 1.0


def test_lookup_answers_are_right():
    prompt, hops = lookup.problem(Random(0), 4, 3)
    gold = " ".join(door for _, _, door in hops)
    assert prompt and lookup_grader.grade(answers.lookup_answer(hops), gold).score == 1.0


def test_corpus_has_its_shares_and_no_problem_of_another_split(monkeypatch):
    corpus, keys = Corpus(TASKS), []
    for kind in ("countdown", "chain", "facts", "lookup", "refusal"):
        draw = getattr(corpus, kind)

        def remember(random, style, draw=draw, kind=kind):
            found = draw(random, style)
            if split_of(found[0]) == "train":
                keys.append((kind, found))
            return found

        monkeypatch.setattr(corpus, kind, remember)
    pairs = list(islice(corpus.base_pairs("0"), 1000))
    assert [(prompt, answer) for _, (_, prompt, answer) in keys[:1000]] == pairs
    from tms.miniature.corpus import KINDS

    for kind, share in KINDS.items():
        assert abs(sum(found == kind for found, _ in keys) / len(keys) - share) < 0.02
    assert pairs == list(islice(Corpus(TASKS).base_pairs("0"), 1000))
    assert pairs != list(islice(Corpus(TASKS).base_pairs("1"), 1000))


def test_the_corpus_begins_with_as_many_lookups_as_asked():
    pairs = list(islice(Corpus(TASKS).base_pairs("0", lookups=20), 120))
    asked = ["where do" in prompt or "where does" in prompt for prompt, _ in pairs]
    assert all(asked[:20])
    assert not all(asked[20:])
    assert pairs[20:] == list(islice(Corpus(TASKS).base_pairs("0"), 100))


def test_worked_pairs_are_worked():
    for prompt, answer in islice(Corpus(TASKS).worked_pairs("0"), 100):
        assert ("try" in answer) == prompt.startswith("make")
        assert "answer :" in answer


@pytest.mark.parametrize(
    "tasks, message",
    [
        ({"x": {"kind": "gsm8k"}}, "gsm8k"),
        ({"x": {"kind": "countdown", "options": {"count": 4}}}, "count"),
        ({"x": {"kind": "chain", "options": {"max": 4}}}, "max"),
    ],
)
def test_a_world_says_what_it_cannot_hold(tasks, message):
    with pytest.raises(InputError, match=message):
        Corpus(tasks)


@pytest.fixture(scope="module")
def tokenizer():
    from tms.miniature.tokenizer import build_tokenizer

    return build_tokenizer(TASKS)


def test_tokenizer_is_lossless(tokenizer):
    texts = [text for pair in islice(Corpus(TASKS).base_pairs("2"), 500) for text in pair]
    texts += ["Hello  world", "1440+2=x ~", "a\nb\t c ", "", "answer:12."]
    for text in texts:
        assert tokenizer.decode(tokenizer(text).input_ids) == text


def test_words_and_small_numbers_are_one_token(tokenizer):
    for prompt, answer in islice(Corpus(TASKS).base_pairs("3"), 500):
        for text in (prompt, answer):
            assert len(tokenizer(text).input_ids) == len(text.split())


def test_chat_template_marks_turns_and_ends(tokenizer):
    chat = [{"role": "user", "content": "make 3 from 1 2"}]
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert text == "<|user|>make 3 from 1 2<|end|><|assistant|>"
    assert tokenizer.eos_token == "<|end|>" != tokenizer.pad_token
    ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
    assert len(ids) == 8 and tokenizer.unk_token_id not in ids


def test_every_fact_has_a_value_of_its_relation():
    for place in facts.PLACES:
        for relation in facts.RELATIONS:
            assert facts.value_of(place, relation) in facts.VALUES[relation]


def test_muon_steps_along_an_orthogonal_matrix():
    import torch

    from tms.miniature.muon import Muon, orthogonalize

    torch.manual_seed(0)
    for shape in ((3, 16, 16), (2, 48, 16), (2, 16, 48)):
        singular = torch.linalg.svdvals(orthogonalize(torch.randn(shape)))
        assert singular.min() > 0.5 and singular.max() < 1.3
    matrix = torch.nn.Parameter(torch.zeros(8, 8))
    optimizer = Muon([matrix], lr=0.1)
    matrix.grad = torch.diag(torch.arange(1.0, 9.0))
    optimizer.step()
    assert torch.allclose(matrix, -0.1 * torch.eye(8), atol=0.05)


def test_learning_rate_warms_up_stays_and_cools_down():
    from tms.miniature.pretraining import Recipe, learning_rate_factor

    recipe = Recipe(steps=100, batch=1, matrix_lr=1.0, other_lr=1.0, cooldown=0.4)
    factors = [learning_rate_factor(step, recipe) for step in range(100)]
    assert factors[0] == pytest.approx(1 / 3) and factors[10] == 1.0
    assert factors[80] == pytest.approx(0.5) and factors[99] == pytest.approx(0.025)


def test_loss_counts_answer_tokens_only_and_ignores_padding(tokenizer):
    import torch

    from tms.miniature import pretraining

    torch.set_num_threads(1)
    model = pretraining.new_model(tokenizer, 32, 1, 2, 32, 0)
    pairs = [("make 3 from 1 2", "answer : 1 + 2"), ("how many ?", "answer : 7 apples and 12 more , so 19")]
    examples = pretraining.encode(tokenizer, pairs)
    loss, tokens = pretraining._backward(model, examples)
    assert tokens == sum(len(tokenizer(answer).input_ids) + 1 for _, answer in pairs)
    alone = [pretraining._backward(model, [example])[0] for example in examples]
    assert loss == pytest.approx(sum(alone), rel=1e-5)
    ids, prompt = examples[0]
    logits = model(input_ids=torch.tensor([ids])).logits[0, prompt - 1 : -1]
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[prompt:]), reduction="sum")
    assert alone[0] == pytest.approx(expected.item(), rel=1e-5)
