"""Steps of the on-policy trainers against a loop by hand over the rollouts that they took."""

from types import SimpleNamespace

import pytest
import torch
from helpers.on_policy_run import (
    DEFAULTS,
    FunctionRewards,
    assert_same,
    by_hand,
    load,
    log_probabilities,
    references,
    trained,
)

from tms.generation.chat import ChatFormat
from tms.generation.sampling import Sampling
from tms.io.errors import InputError
from tms.on_policy.monitor import Monitor
from tms.on_policy.prompts import filled, prompts_in_order
from tms.on_policy.rollouts import EngineRollouts
from tms.training.encoder import Encoder

DECAY = 0.9


def odd(text, answer):
    """A reward that half of an untrained model's rollouts get."""
    return float(len(text) % 2)


def reinforce_loss(rollouts, baseline, temperature):
    """-(r - b) x the sum of the log-probabilities of a rollout, mean over rollouts."""

    def loss(model):
        total = 0.0
        for rollout in rollouts:
            log_p = log_probabilities(model, rollout.prompt_ids, rollout.sampled_ids, temperature)
            chosen = log_p[range(len(rollout.sampled_ids)), rollout.sampled_ids]
            total = total - (rollout.reward - baseline) * chosen.sum()
        return total / len(rollouts)

    return loss


@pytest.mark.parametrize(
    ("steps", "device_batch", "temperature"), [(1, 4, 1.0), (2, 1, 1.0), (2, 2, 0.7), (2, 4, 1.0)]
)
def test_reinforce_is_plain_policy_gradient(tiny_model, tmp_path, steps, device_batch, temperature):
    ended = trained(
        tiny_model,
        tmp_path,
        "reinforce",
        odd,
        steps=steps,
        device_batch=device_batch,
        temperature=temperature,
    )
    losses, baseline = [], None
    for rollouts, log in zip(ended.steps, ended.logged, strict=False):
        assert len(rollouts) == 4
        mean = sum(rollout.reward for rollout in rollouts) / 4
        baseline = mean if baseline is None else baseline
        losses.append(reinforce_loss(rollouts, baseline, temperature))
        baseline = DECAY * baseline + (1 - DECAY) * mean  # after the advantages are formed
        assert log["baseline"] == pytest.approx(baseline, abs=1e-12)
        assert log["reward"] == mean
    assert len(losses) == steps
    assert any(rollout.reward for rollouts in ended.steps for rollout in rollouts)
    assert_same(ended, *by_hand(tiny_model, losses), tiny_model)


# Rewards of a prompt's eight rollouts, and the tokens of the expert's eleven that each begins with.
SCRIPTS = [
    ([0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 2, 2, 5, 11]),
    ([1, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 2, 2, 5, 11]),
    ([0, 1, 0, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 5, 11]),
    ([1, 1, 1, 0, 1, 0, 1, 1], [0, 0, 0, 0, 0, 0, 0, 11]),
    ([1, 1, 1, 1, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0, 0, 11]),
    ([1, 1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0, 0, 0]),
    ([1, None, 0, 0, 0, 0, None, 1], [0, 0, 0, 0, 2, 2, 5, 11]),
    ([0.5, 0.5, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 2, 2, 5, 11]),  # only a full reward is right
]


@pytest.fixture(scope="module")
def trapo(tiny_model, tmp_path_factory):
    """A step of TRAPO whose rewards are those of `SCRIPTS`, a prompt each."""
    given = {}

    def scripted(text, answer):
        place = list(given).index(answer) if answer in given else len(given)
        given.setdefault(answer, []).append(text)
        return SCRIPTS[place][0][len(given[answer]) - 1]

    rows, folder = references(8, "so it is {}"), tmp_path_factory.mktemp("trapo")
    changed = {"effective_batch": 8, "device_batch": 4, "rows": rows}
    return trained(tiny_model, folder, "trapo", scripted, **changed)


def test_a_prompt_is_asked_with_the_messages_before_it(tiny_model):
    encoder, context = Encoder(tiny_model), '[{"role": "system", "content": "Add."}]'
    rows = references(2)
    (asked, plain), _ = prompts_in_order([rows[0] | {"context": context}, rows[1]], encoder, 2, 2, 1)
    if asked.answer != rows[0]["answer"]:
        asked, plain = plain, asked
    assert asked.ids == encoder.chat.prompt_ids("0+1", context) != encoder.chat.prompt_ids("0+1")
    assert plain.ids == encoder.chat.prompt_ids("1+1")


def test_what_a_teacher_reads_is_written_once(tiny_model, monkeypatch):
    written = []

    def fill(*parts):
        written.append(filled(*parts))
        return written[-1]

    monkeypatch.setattr("tms.on_policy.prompts.filled", fill)
    encoder = Encoder(tiny_model)
    asked, _ = prompts_in_order(references(3), encoder, 3, 3, 0, "{prompt} is {reference}")
    assert sorted(written) == [f"{number}+1 is it is {number + 1}" for number in range(3)]
    assert {prompt.taught_ids for prompt in asked} == {
        tuple(encoder.chat.prompt_ids(text)) for text in written
    }


def test_trapo_begins_with_the_experts_answer_where_few_were_right(trapo, tiny_model):
    (rollouts,) = trapo.steps
    prompts, _ = prompts_in_order(references(8, "so it is {}"), Encoder(tiny_model), 8, 8, 0)
    for place, (prompt, (rewards, prefixes)) in enumerate(zip(prompts, SCRIPTS, strict=True)):
        eight = rollouts[8 * place : 8 * place + 8]
        graded = [reward for reward in rewards if reward is not None]
        mean = sum(graded) / len(graded)
        assert len(prompt.expert_ids) == 11
        assert all(rollout.prompt_ids == prompt.ids for rollout in eight)
        assert [rollout.prefix_ids for rollout in eight] == [prompt.expert_ids[:n] for n in prefixes]
        assert [rollout.reward for rollout in eight] == rewards
        assert [rollout.advantage for rollout in eight] == pytest.approx(
            [0 if reward is None else reward - mean for reward in rewards]
        )
        for rollout, n in zip(eight, prefixes, strict=True):
            assert len(rollout.sampled_ids) <= 12 - n
            assert (rollout.sampled_ids == []) == (n == 11)
        sampled = [tuple(rollout.completion_ids) for rollout in eight if rollout.sampled_ids]
        assert len(set(sampled)) == len(sampled)


def trapo_loss(rollouts):
    """The sum over rollouts and tokens, over the limit of 12."""

    def loss(model):
        total = 0.0
        for place, rollout in enumerate(rollouts):
            log_p = log_probabilities(model, rollout.prompt_ids, rollout.completion_ids)
            chosen = log_p[range(len(log_p)), rollout.completion_ids]
            begun = len(rollout.prefix_ids)
            if place % 8 > 4:
                p = chosen[:begun].exp()
                total = total - (p / p.detach().clamp(min=0.1)).sum()
            entropy = -(log_p.exp() * log_p).sum(-1)[begun:].sum()
            total = total - rollout.advantage * chosen[begun:].sum() - 0.01 * entropy
        return total / 12

    return loss


def test_trapo_weights_after_a_step(trapo, tiny_model):
    loss = trapo_loss(trapo.steps[0])
    assert trapo.curve[0]["loss"] == pytest.approx(loss(load(tiny_model)).item(), rel=1e-4)
    assert_same(trapo, *by_hand(tiny_model, [loss], constant=True), tiny_model)


def test_trapo_counts_its_rollouts_and_tokens(trapo):
    (rollouts,), (row,) = trapo.steps, trapo.curve
    learned = sum(len(rollout.prefix_ids) for place, rollout in enumerate(rollouts) if place % 8 > 4)
    assert row["tokens"] == sum(len(rollout.sampled_ids) for rollout in rollouts) + learned
    assert row["rollouts"] == 64
    assert row["equal"] == 2 / 8
    assert row["failures"] == 2
    assert row["length"] == sum(len(rollout.sampled_ids) for rollout in rollouts) / 64
    # Not all rollouts without a prefix, as once: later groups have none only where earlier ones were right.
    first = [rollout for place, rollout in enumerate(rollouts) if place % 8 < 4]
    assert row["truncated"] == sum(rollout.sampled_ids[-1] != 2 for rollout in first) / 32
    graded = [rollout.reward for rollout in first if rollout.reward is not None]
    assert row["reward"] == pytest.approx(sum(graded) / len(graded))


def test_an_experts_answer_longer_than_the_limit_gives_no_prefix(tiny_model, tmp_path):
    rows = references(8, "it is one more so it is {}")
    ended = trained(tiny_model, tmp_path, "trapo", lambda text, answer: 0.0, rows=rows, effective_batch=1)
    assert [len(rollout.prefix_ids) for rollout in ended.steps[0]] == [0] * 8
    assert all(rollout.sampled_ids for rollout in ended.steps[0])


def some(text, answer):
    """As `odd`, but some rollouts cannot be graded."""
    return None if len(text) % 5 == 4 else odd(text, answer)


def grpo_loss(rollouts, base, beta):
    """Mean over rollouts of the mean over tokens; KL(policy || base) with the gradient of its expectation."""
    reference = load(base)

    def loss(model):
        total = 0.0
        for rollout in rollouts:
            both = [
                log_probabilities(one, rollout.prompt_ids, rollout.sampled_ids) for one in (model, reference)
            ]
            chosen, by_base = (log_p[range(len(rollout.sampled_ids)), rollout.sampled_ids] for log_p in both)
            total = total + ((beta * (chosen - by_base).detach() - rollout.advantage) * chosen).mean()
        return total / len(rollouts)

    return loss


@pytest.mark.parametrize(("beta", "device_batch"), [(0.0, 8), (0.3, 4)])
def test_grpo_is_group_normalised_in_the_order_of_sft(tiny_model, tmp_path, beta, device_batch):
    changed = {"steps": 2, "effective_batch": 2, "device_batch": device_batch, "beta": beta}
    ended = trained(tiny_model, tmp_path, "grpo", some, **changed)
    prompts, _ = prompts_in_order(references(8), Encoder(tiny_model), 4, 4, 0)
    chat, losses, ungraded = ChatFormat(tiny_model), [], 0
    assert len(ended.steps) == len(ended.curve) == 2
    for place, rollouts in enumerate(ended.steps):
        assert len(rollouts) == 2 * DEFAULTS["samples"]
        for group, prompt in enumerate(prompts[2 * place : 2 * place + 2]):
            four = rollouts[4 * group : 4 * group + 4]
            assert all(rollout.prompt_ids == prompt.ids for rollout in four)
            assert len({tuple(rollout.sampled_ids) for rollout in four}) == 4
            rewards = torch.tensor(
                [
                    torch.nan if reward is None else reward
                    for reward in (some(chat.text(rollout.sampled_ids), "") for rollout in four)
                ]
            )
            graded = rewards[~rewards.isnan()]
            expected = ((rewards - graded.mean()) / (graded.std() + 1e-4)).nan_to_num(0.0)
            assert [rollout.advantage for rollout in four] == pytest.approx(expected.tolist(), abs=1e-4)
            ungraded += int(rewards.isnan().sum())
        losses.append(grpo_loss(rollouts, tiny_model, beta))
    assert ungraded == sum(row["failures"] for row in ended.curve) > 0
    assert_same(ended, *by_hand(tiny_model, losses), tiny_model)


@pytest.mark.parametrize("algorithm", ["grpo", "reinforce", "trapo"])
def test_each_rollout_is_graded_by_its_tasks_grader(tiny_model, tmp_path, monkeypatch, algorithm):
    asked = set()

    def of(self, completions, answers, graders):
        asked.update(zip(answers, graders, strict=True))
        return [float(len(text) % 2) for text in completions]

    monkeypatch.setattr(FunctionRewards, "of", of)
    rows = [row | {"grader": f"grader of {row['answer']}"} for row in references(8)]
    samples = {"samples": 1} if algorithm == "reinforce" else {}
    trained(tiny_model, tmp_path, algorithm, odd, rows=rows, steps=2, **samples)
    assert asked == {(str(i + 1), f"grader of {i + 1}") for i in range(8)}


GROUPED = {"reward": 0.5, "reward_std": 0.5, "frac_reward_zero_std": 1.0, "kl_to_base": 0.0}
SINGLE = {"reward": 0.5, "reward_std": 0.0, "kl_to_base": 0.0}


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([GROUPED] * 3, True),
        ([GROUPED] * 2, False),  # too few
        ([GROUPED, GROUPED | {"frac_reward_zero_std": 0.9}, GROUPED], False),
        ([GROUPED | {"reward": 1.0}, GROUPED, GROUPED], True),  # a group is compared with itself
        ([SINGLE] * 3, True),
        ([SINGLE, SINGLE | {"reward_std": 0.1}, SINGLE], False),
        ([SINGLE | {"reward": 1.0}, SINGLE, SINGLE], False),  # a single rollout with the baseline
        ([SINGLE, SINGLE | {"kl_to_base": 5.1}], True),
        ([SINGLE, SINGLE | {"kl_to_base": 4.9}], False),
    ],
)
def test_what_stops_a_run(steps, told):
    settings = SimpleNamespace(equal_steps=3, max_kl=5.0, on_failure="stop")
    monitor = Monitor(None, settings, tokens=None)
    state = SimpleNamespace(log_history=[{"train_loss": 1.0}, *steps], global_step=len(steps))
    control = SimpleNamespace()
    if told:
        with pytest.raises(InputError, match=f"^step {len(steps)}: "):
            monitor.on_train_begin(None, state, control)
    else:
        monitor.on_train_begin(None, state, control)


def test_the_projects_engine_cannot_sample_from_shards(tiny_model):
    sampler = EngineRollouts(ChatFormat(tiny_model), Sampling(max_new_tokens=12), 0, 0)
    with pytest.raises(InputError, match="policy that is sharded over GPUs; set engine: vllm"):
        sampler([[3, 4]], SimpleNamespace(is_fsdp_enabled=True))
