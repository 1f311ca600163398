"""NLL and KL against closed forms, enumeration, and torch's own."""

import itertools
import math
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from tms.metrics import divergence
from tms.metrics.divergence import batches, kl_N, mean, nll_N, sequence_kl, sequence_nll, token_mean

END = 0
VOCABULARY = 3
LIMIT = 4
PROMPT = [1]


class Table:
    """A causal policy over a 3-token vocabulary: logits by the whole prefix, drawn once."""

    device = torch.device("cpu")
    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(vocab_size=VOCABULARY))

    def __init__(self, seed):
        generator = torch.Generator().manual_seed(seed)
        self.table = {
            prefix: 2 * torch.randn(VOCABULARY, generator=generator)
            for length in range(1, LIMIT + 3)
            for prefix in itertools.product(range(VOCABULARY), repeat=length)
        }

    def __call__(self, input_ids, use_cache):
        rows = [
            torch.stack([self.table[tuple(row[: i + 1])] for i in range(len(row))])
            for row in input_ids.tolist()
        ]
        return SimpleNamespace(logits=torch.stack(rows))

    def log_probability(self, completion):
        prefix = [*PROMPT, *completion]
        return sum(
            log_softmax(self.table[tuple(prefix[:i])].double(), -1)[prefix[i]].item()
            for i in range(1, len(prefix))
        )


def all_completions():
    """Every completion: it ends with the end token, or is cut at the limit."""
    open_ended = [1, 2]
    for length in range(LIMIT):
        for body in itertools.product(open_ended, repeat=length):
            yield [*body, END]
    yield from (list(body) for body in itertools.product(open_ended, repeat=LIMIT))


def nothing(rows):
    pass


def test_sums_of_position_kls_average_to_the_kl_of_sequences():
    policy, other = Table(0), Table(1)
    completions = list(all_completions())
    log_p = [policy.log_probability(completion) for completion in completions]
    log_q = [other.log_probability(completion) for completion in completions]
    assert math.fsum(map(math.exp, log_p)) == pytest.approx(1)
    exact = math.fsum(math.exp(p) * (p - q) for p, q in zip(log_p, log_q, strict=True))
    sums = sequence_kl(policy, other, [(PROMPT, completion) for completion in completions], nothing)
    expected = math.fsum(math.exp(p) * total for p, total in zip(log_p, sums, strict=True))
    assert expected == pytest.approx(exact, rel=1e-5)
    assert exact > 0.1


def test_nll_of_sequences_is_their_log_probability():
    policy = Table(2)
    completions = list(all_completions())
    sums = sequence_nll(policy, [(PROMPT, completion) for completion in completions], nothing)
    assert sums == pytest.approx(
        [-policy.log_probability(completion) for completion in completions], rel=1e-5
    )


def test_batching_changes_no_value(monkeypatch):
    policy, other = Table(3), Table(4)
    sequences = [(PROMPT, completion) for completion in all_completions()]
    done = []
    whole = sequence_kl(policy, other, sequences, done.append), sequence_nll(policy, sequences, nothing)
    assert sum(done) == len(sequences)
    monkeypatch.setattr(divergence, "LOGITS_AT_ONCE", 7 * VOCABULARY)
    few = []
    small = sequence_kl(policy, other, sequences, few.append), sequence_nll(policy, sequences, nothing)
    assert len(few) > len(done)
    for one, two in zip(whole, small, strict=True):
        assert one == pytest.approx(two, rel=1e-6)


def test_closed_forms_of_two_outcomes():
    p, q = 0.3, 0.8
    logits = [torch.log(torch.tensor([[x, 1 - x]])) for x in (p, q)]
    expected = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    assert kl_N(*logits).item() == pytest.approx(expected, rel=1e-5)
    assert kl_N(logits[0], logits[0]).item() == pytest.approx(0, abs=1e-7)
    assert nll_N(logits[0], torch.tensor([1])).item() == pytest.approx(-math.log(0.7), rel=1e-5)


def test_agreement_with_torch(monkeypatch):
    monkeypatch.setattr(divergence, "LOGITS_AT_ONCE", 3 * 50 * 4)  # three positions a chunk
    torch.manual_seed(0)
    policy, other, targets = torch.randn(20, 50), torch.randn(20, 50), torch.randint(50, (20,))
    reference = kl_div(
        log_softmax(other, -1), log_softmax(policy, -1), log_target=True, reduction="none"
    ).sum(-1)
    torch.testing.assert_close(kl_N(policy, other), reference)
    torch.testing.assert_close(nll_N(policy, targets), cross_entropy(policy, targets, reduction="none"))


def test_kl_is_not_symmetric():
    torch.manual_seed(0)
    policy, other = torch.randn(1, 9) * 3, torch.randn(1, 9)
    assert kl_N(policy, other).item() != pytest.approx(kl_N(other, policy).item(), rel=0.05)


def test_a_row_above_the_limit_comes_alone_and_every_row_once():
    lengths = [5, 2, 9, 3, 3, 1]
    groups = batches(lengths, tokens=8)
    assert sorted(index for group in groups for index in group) == list(range(6))
    assert [2] in groups
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[index] for index in group) <= 8


def test_mean_and_its_error():
    assert mean([1.0, 2.0, 3.0]) == (2.0, pytest.approx(1 / math.sqrt(3)))
    assert mean([4.0]) == (4.0, 0.0)


def test_token_mean_weighs_tokens():
    assert token_mean([2.0, 6.0], [1, 3])[0] == 2.0
    assert token_mean([2.0, 6.0], [1, 3])[1] == 0.0  # each sequence has the same mean
    # With equal lengths it is the error of the sequences' means.
    value, error = token_mean([2.0, 4.0, 9.0], [2, 2, 2])
    assert (value, error) == (pytest.approx(2.5), pytest.approx(mean([1.0, 2.0, 4.5])[1]))
