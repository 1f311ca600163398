"""The rollouts on which the logged KL rests."""

from tms.on_policy.kl import spread


def test_rows_are_spread_over_prompts():
    rollouts = [(prompt, sample) for prompt in range(32) for sample in range(8)]
    assert [prompt for prompt, _ in spread(rollouts, 8)] == [*range(0, 32, 4)]
    assert {prompt for prompt, _ in spread(rollouts, 64)} == {*range(32)}
    assert spread(rollouts, 1000) == rollouts
    assert [prompt for prompt, _ in spread(rollouts[:30], 8)] == [0, 0, 0, 1, 1, 2, 2, 3]
