"""Steps of the on-policy trainers against a loop by hand over the rollouts that they took."""

import pytest
from on_policy_run import assert_same, by_hand, log_probabilities, trained

DECAY = 0.9


def odd(text, answer):
    """A reward that half of an untrained model's rollouts get."""
    return float(len(text) % 2)


def reinforce_loss(rollouts, baseline, temperature):
    """-(r - b) x the sum of the log-probabilities of a rollout, mean over rollouts."""

    def loss(model):
        total = 0.0
        for rollout in rollouts:
            log_p = log_probabilities(model, rollout.prompt_ids, rollout.own_ids, temperature)
            chosen = log_p[range(len(rollout.own_ids)), rollout.own_ids]
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
    assert_same(ended.weights(), by_hand(tiny_model, losses), tiny_model)
