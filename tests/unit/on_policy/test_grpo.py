"""TRL's GRPO against the formulas: one step of plain gradient descent on given rollouts."""

from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tms.on_policy import trapo

GROUP, LIMIT = 4, 6
PROMPTS = [[7, 8, 9], [10, 11]]
# Two prompts with four completions each: lengths differ, one reaches the limit, one is not graded.
COMPLETIONS = [
    *([20, 21, 2], [30, 2], [22, 23, 24, 25, 26, 27], [33, 34, 35, 2]),
    *([40, 41, 42, 43, 2], [2], [44, 2], [45, 46, 2]),
]
REWARDS = [1.0, 0.0, 0.0, 1.0, 1.0, None, 0.0, 0.0]


def moved(tiny_model, by=0.02):
    """The tiny model in float32, with each weight a little off, as a policy has moved off its reference."""
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in model.parameters():
            value += by * torch.randn(value.shape, generator=generator)
    return model


@pytest.fixture
def stepped(tiny_model, tmp_path, monkeypatch):
    """Call `stepped(**arguments)`: one step w <- w - gradient; gives the advantages and the gradient."""
    import datasets
    from trl import GRPOConfig, GRPOTrainer

    def rollouts(prompts, trainer):
        prompt_ids = [ids for ids in PROMPTS for _ in range(GROUP)]
        return {"prompt_ids": prompt_ids, "completion_ids": COMPLETIONS, "logprobs": None}

    def run(**arguments):
        trainer = GRPOTrainer(
            model=moved(tiny_model),
            processing_class=AutoTokenizer.from_pretrained(tiny_model),
            reward_funcs=lambda **kwargs: REWARDS,
            rollout_func=rollouts,
            train_dataset=datasets.Dataset.from_dict({"prompt": ["a", "b"]}),
            args=GRPOConfig(
                output_dir=str(tmp_path),
                num_generations=GROUP,
                max_completion_length=LIMIT,
                max_steps=1,
                optim="sgd",
                learning_rate=1.0,
                lr_scheduler_type="constant",
                max_grad_norm=0.0,  # no clipping
                bf16=False,
                use_cpu=True,
                report_to="none",
                save_strategy="no",
                disable_tqdm=True,
                gradient_checkpointing=False,
                shuffle_dataset=False,
                **arguments,
            ),
        )
        before = {name: value.detach().clone() for name, value in trainer.model.named_parameters()}
        trainer.train()
        gradient = {name: before[name] - value.detach() for name, value in trainer.model.named_parameters()}
        return SimpleNamespace(advantages=list(trainer._logs["advantages"]), gradient=gradient)

    torch.set_num_threads(1)
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")  # of rollout_func: trl is pinned
    return run


def scored(model):
    """Log-probabilities of each completion's tokens, from one row at a time (no padding)."""
    rows = []
    for i, completion in enumerate(COMPLETIONS):
        prompt = PROMPTS[i // GROUP]
        logits = model(input_ids=torch.tensor([prompt + completion])).logits[0, len(prompt) - 1 : -1]
        rows.append(logits.log_softmax(-1)[range(len(completion)), completion])
    return rows


def gradient(model, loss):
    names, parameters = zip(*model.named_parameters(), strict=True)
    return dict(zip(names, torch.autograd.grad(loss, parameters), strict=True))


def assert_same(found, expected):
    assert max(value.abs().max() for value in expected.values()) > 1e-2
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-5, rtol=1e-4)


# Of 1, 0, 0, 1 and of 1, 0, 0: mean 1/2 and 1/3, sample deviation sqrt(1/3) both.
UP, DOWN = 0.5 / (3**-0.5 + 1e-4), -0.5 / (3**-0.5 + 1e-4)
NORMALISED = [UP, DOWN, DOWN, UP, UP * 4 / 3, 0, DOWN * 2 / 3, DOWN * 2 / 3]


@pytest.mark.parametrize("micro_batch", [8, 2])
@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_grpo_is_the_mean_over_rollouts_of_the_mean_over_tokens(stepped, tiny_model, micro_batch, beta):
    found = stepped(
        loss_type="grpo",
        beta=beta,
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=8 // micro_batch,
    )
    assert found.advantages == pytest.approx(NORMALISED, abs=1e-5)
    model = moved(tiny_model)
    rows, references = scored(model), scored(moved(tiny_model, by=0.0))
    loss = 0.0
    for advantage, row, reference in zip(NORMALISED, rows, references, strict=True):
        # Of KL(policy || reference) over samples of the policy: E[log ratio x d log-probability], which TRL
        # (use_bias_correction_kl) takes instead of the gradient of Shao et al.'s estimate.
        log_ratio = (row - reference).detach()
        loss = loss + ((beta * log_ratio - advantage) * row).mean() / len(rows)
    assert_same(found.gradient, gradient(model, loss))


def test_trapo_on_own_tokens_is_dr_grpo_without_its_number_of_rollouts(stepped, tiny_model):
    """Advantage r - mean, over a constant: TRL's dr_grpo where nothing is clipped, times the rollouts."""
    found = stepped(
        loss_type="dr_grpo",
        scale_rewards="none",
        per_device_train_batch_size=8,
        gradient_accumulation_steps=1,
    )
    advantages = [*trapo.advantages(REWARDS[:GROUP]), *trapo.advantages(REWARDS[GROUP:])]
    assert found.advantages == pytest.approx(advantages)
    model = moved(tiny_model)
    rows = scored(model)
    logps_BL = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-1.0)
    sampled_BL = torch.arange(logps_BL.shape[1]) < torch.tensor([[len(row)] for row in rows])
    loss = trapo.loss(
        logps_BL,
        torch.zeros_like(logps_BL),
        sampled_BL,
        torch.zeros_like(sampled_BL),
        torch.tensor(advantages),
        limit=LIMIT,
        floor=0.1,
        entropy_bonus=0.001,
    )
    assert_same(found.gradient, gradient(model, loss / len(rows)))


def test_log_probabilities_and_entropies_of_trls_head_have_gradients(tiny_model):
    """TRAPO's entropy bonus needs the entropy's gradient; both are at the temperature."""
    from trl.trainer.utils import add_fused_lm_head

    plain, fused = moved(tiny_model), moved(tiny_model)
    add_fused_lm_head(fused, temperature=0.7, outputs=("log_probs", "entropy"))
    ids = torch.tensor([PROMPTS[0] + COMPLETIONS[2]])
    log_p = (plain(input_ids=ids).logits[:, :-1] / 0.7).log_softmax(-1)
    found = fused(input_ids=ids, labels=ids, fused_lm_head=True)
    pairs = [
        (found.log_probs, log_p.gather(-1, ids[:, 1:, None])[..., 0]),
        (found.entropy, -(log_p.exp() * log_p).sum(-1)),
    ]
    for value, expected in pairs:
        torch.testing.assert_close(value, expected, atol=1e-5, rtol=1e-5)
        here, there = value.sum(), expected.sum()
        ours = torch.autograd.grad(here, list(fused.parameters()), retain_graph=True)
        theirs = torch.autograd.grad(there, list(plain.parameters()), retain_graph=True)
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
