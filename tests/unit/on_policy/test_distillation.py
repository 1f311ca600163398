"""Distillation on own samples: divergences by closed form and by TRL's code, and whole runs by hand."""

import pytest
import torch
from helpers.on_policy_run import (
    assert_same,
    by_hand,
    load,
    log_probabilities,
    named,
    references,
    trained,
)
from helpers.on_policy_shards import completions
from helpers.tiny_models import variant
from trl.experimental.gkd import GKDTrainer
from trl.experimental.sdft.loss_utils import compute_full_logit_self_distillation_loss

from tms.io.errors import InputError
from tms.on_policy import divergence, sdft
from tms.on_policy.divergence import Head, Target, head_of, put_divergence_in
from tms.on_policy.prompts import filled
from tms.on_policy.rollout import Rollout, collate
from tms.on_policy.train import OnPolicyRun
from tms.training.trainer_run import TrainerRun

TEMPLATE = "{prompt} like {reference}"
ROLLOUTS = [Rollout([3, 9, 4], [], [7, 8, 2]), Rollout([5], [], [6]), Rollout([4, 4], [], [9, 10, 11, 12])]


def ungraded(text, answer):
    raise AssertionError("a distillation grades nothing")


def generalised_jsd(policy_NV, teacher_NV, beta):
    """Eq. (1) of GKD, with the teacher as P and the policy as Q; at 0 and 1 the KLs that are its limits."""

    def kl(p, q):
        return (p.exp() * (p - q)).sum(-1)

    if beta in (0, 1):
        return kl(policy_NV, teacher_NV) if beta else kl(teacher_NV, policy_NV)
    mixture_NV = (beta * teacher_NV.exp() + (1 - beta) * policy_NV.exp()).log()
    return beta * kl(teacher_NV, mixture_NV) + (1 - beta) * kl(policy_NV, mixture_NV)


@pytest.fixture
def teacher(tiny_model, tmp_path):
    """A wider model of the same vocabulary, whose embeddings are padded to more rows."""
    return variant(tiny_model, tmp_path / "teacher", seed=5, hidden_size=48, vocab_size=96)


def read(model, rollouts, target=None):
    batch = collate(rollouts, "cpu")
    return model(input_ids=batch.ids, sampled_BL=batch.sampled_BL, target=target)


@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("beta", [0.0, 0.1, 0.5, 1.0])
def test_divergence_is_the_closed_form_and_trl_s(tiny_model, teacher, beta, temperature):
    policy, other = load(tiny_model), load(teacher)
    for model in (policy, other):
        put_divergence_in(model, beta, temperature)
    with torch.no_grad():
        target = Target(read(other, ROLLOUTS)["hidden_NH"], head_of(other))
    found = read(policy, ROLLOUTS, target)
    found["divergence_N"].sum().backward()
    plain, other = load(tiny_model), load(teacher)
    logits = [
        torch.cat(
            [
                model(input_ids=torch.tensor([one.prompt_ids + one.sampled_ids])).logits[
                    0, len(one.prompt_ids) - 1 : -1, : plain.config.vocab_size
                ]
                for one in ROLLOUTS
            ]
        )
        for model in (plain, other)
    ]
    policy_NV, teacher_NV = ((part / temperature).log_softmax(-1) for part in logits)
    teacher_NV = teacher_NV.detach()
    expected_N = generalised_jsd(policy_NV, teacher_NV, beta)
    expected_N.sum().backward()
    torch.testing.assert_close(found["divergence_N"], expected_N, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        found["entropy_N"], -(policy_NV.exp() * policy_NV).sum(-1), atol=1e-5, rtol=1e-5
    )
    for name, value in plain.named_parameters():
        torch.testing.assert_close(policy.get_parameter(name).grad, value.grad, atol=1e-5, rtol=1e-4)
    labels = torch.zeros(1, len(expected_N), dtype=torch.long)
    gkd = GKDTrainer.generalized_jsd_loss(
        logits[0][None].detach(), logits[1][None].detach(), labels, beta, temperature, reduction="sum"
    )
    torch.testing.assert_close(found["divergence_N"].sum(), gkd, atol=1e-4, rtol=1e-5)
    of_sdft = compute_full_logit_self_distillation_loss(
        logits[0].detach() / temperature, logits[1].detach() / temperature, distillation_alpha=beta
    )
    torch.testing.assert_close(found["divergence_N"], of_sdft, atol=1e-5, rtol=1e-5)


def test_a_model_still_answers_and_generates_as_before(tiny_model):
    changed, plain = load(tiny_model), load(tiny_model)
    put_divergence_in(changed, 1.0, 1.0)
    ids = torch.tensor([[3, 4, 5]])
    assert changed(input_ids=ids).logits.equal(plain(input_ids=ids).logits)
    more = {"max_new_tokens": 4, "do_sample": False}
    assert changed.generate(input_ids=ids, **more).equal(plain.generate(input_ids=ids, **more))


def step_loss(rollouts, teacher_logps, beta, temperature=1.0):
    """Mean divergence over the tokens of a step, as a function of the policy."""

    def loss(model):
        parts = []
        for one in rollouts:
            own = log_probabilities(model, one.prompt_ids, one.sampled_ids, temperature)
            with torch.no_grad():
                theirs = teacher_logps(model, one)[:, : own.shape[-1]].log_softmax(-1)
            parts.append(generalised_jsd(own, theirs, beta))
        return torch.cat(parts).mean()

    return loss


@pytest.mark.parametrize(("beta", "changed"), [(1.0, {}), (0.3, {"device_batch": 2, "temperature": 1.3})])
def test_distill_by_hand(tiny_model, teacher, tmp_path, beta, changed):
    more = {"teacher": teacher, "divergence": beta, "steps": 2} | changed
    ended = trained(tiny_model, tmp_path, "distill", ungraded, **more)
    temperature = changed.get("temperature", 1.0)
    other = load(teacher)

    def of_teacher(model, one):
        return log_probabilities(other, one.prompt_ids, one.sampled_ids, temperature)

    losses = [step_loss(rollouts, of_teacher, beta, temperature) for rollouts in ended.steps]
    expected, norms = by_hand(tiny_model, losses)
    assert_same(ended, expected, norms, tiny_model, near=5e-5)
    assert ended.curve[0]["loss"] == pytest.approx(losses[0](load(tiny_model)).item(), rel=1e-4)
    for row in ended.curve:
        assert row["reward"] is row["reward_std"] is row["failures"] is row["equal"] is None
        assert row["rollouts"] == 4 and row["tokens"] == 4 * row["length"] and row["entropy"] > 0
    assert ended.curve[0]["kl"] == 0 < ended.curve[1]["kl"]


@pytest.mark.parametrize("average", [0.0, 0.25])
def test_sdft_by_hand(tiny_model, tmp_path, average):
    """The teacher reads the reference, and is the base, or a moving average that starts there."""
    from tms.training.encoder import Encoder

    more = {"sdft_template": TEMPLATE, "teacher_average": average, "divergence": 0.0, "steps": 3}
    ended = trained(tiny_model, tmp_path, "sdft", ungraded, **more)
    encoder, kept = Encoder(tiny_model), load(tiny_model)
    taught = {
        tuple(encoder.prompt(row)): encoder.prompt({"prompt": f"{row['prompt']} like {row['completion']}"})
        for row in references(8)
    }

    def loss_of(rollouts, first):
        def of_teacher(model, one):
            return log_probabilities(kept, taught[tuple(one.prompt_ids)], one.sampled_ids)

        inner = step_loss(rollouts, of_teacher, 0.0)

        def loss(model):
            if not first:
                with torch.no_grad():
                    for mine, policy in zip(kept.parameters(), model.parameters(), strict=True):
                        mine += average * (policy - mine)
            return inner(model)

        return loss

    losses = [loss_of(rollouts, place == 0) for place, rollouts in enumerate(ended.steps)]
    expected, norms = by_hand(tiny_model, losses)
    assert_same(ended, expected, norms, tiny_model, near=5e-5)
    assert ended.curve[0]["kl"] == 0 < ended.curve[1]["kl"] and ended.curve[0]["reward"] is None


@pytest.mark.parametrize("algorithm", ["sdft", "distill"])
def test_adapters_learn_from_the_teacher_and_sdft_s_is_the_base_without_them(
    tiny_model, teacher, tmp_path, algorithm, monkeypatch
):
    hidden = []
    targets = sdft.DistillationTrainer.targets

    def keep(self, batches):
        found = targets(self, batches)
        hidden.append((batches, found, {name: v.clone() for name, v in self.model.state_dict().items()}))
        return found

    monkeypatch.setattr(sdft.DistillationTrainer, "targets", keep)
    more = {"lora_rank": 4, "lora_alpha": 8.0, "learning_rate": 1e-2, "steps": 2, "device_batch": 4}
    more |= {"teacher": teacher} if algorithm == "distill" else {"sdft_template": TEMPLATE}
    ended = trained(tiny_model, tmp_path, algorithm, ungraded, **more)
    assert {file.name for file in ended.checkpoint.glob("*.safetensors")} == {"adapter_model.safetensors"}
    assert ended.curve[0]["kl"] == 0 < ended.curve[1]["kl"]
    other = load(teacher if algorithm == "distill" else tiny_model)
    put_divergence_in(other, 1.0, 1.0)
    (batch,), (target,), _ = hidden[1]  # the adapters have moved
    asked = [Rollout([*one.taught_ids], [], one.sampled_ids) for one in batch]
    with torch.no_grad():
        torch.testing.assert_close(read(other, asked)["hidden_NH"], target.hidden_NH, atol=1e-5, rtol=1e-5)
    before, after = (state for *_, state in hidden)  # the policy has its own weights back, and learns
    moved = [name for name in before if not before[name].equal(after[name])]
    assert moved and all(".lora_" in name for name in moved)


@pytest.mark.parametrize("algorithm", ["sdft", "distill"])
def test_in_bfloat16_the_loss_is_near_that_in_float32(tiny_model, teacher, tmp_path, algorithm, monkeypatch):
    monkeypatch.setattr(OnPolicyRun, "sampler", lambda run: completions)
    more = {"teacher": teacher} if algorithm == "distill" else {"sdft_template": TEMPLATE}
    losses = []
    for bf16 in (False, True):
        monkeypatch.setattr(TrainerRun, "bf16", bf16)
        losses.append(trained(tiny_model, tmp_path / str(bf16), algorithm, ungraded, **more).curve[0]["loss"])
    assert losses[0] != losses[1] == pytest.approx(losses[0], rel=0.05)


@pytest.mark.parametrize(
    ("algorithm", "changed", "message"),
    [
        (
            "sdft",
            {"sdft_template": TEMPLATE + " " * 300},
            "prompt of SDFT's teacher, which holds a reference",
        ),
        ("sdft", {}, "give --sdft-template"),
        ("sdft", {"sdft_template": TEMPLATE, "samples": 2}, "--samples 2: SDFT takes 1 rollout"),
        ("distill", {}, "give --teacher"),
        ("distill", {"samples": 4}, "--samples 4: distillation takes 1 rollout"),
    ],
)
def test_refusals(tiny_model, tmp_path, algorithm, changed, message):
    changed = {"sdft_template": "" if algorithm == "distill" else changed.get("sdft_template", "")} | changed
    with pytest.raises(InputError, match=message) as error:
        trained(tiny_model, tmp_path, algorithm, ungraded, **changed)
    assert "\n" not in str(error.value)


def test_a_teacher_with_a_short_context_is_refused(tiny_model, tmp_path):
    short = variant(tiny_model, tmp_path / "short", seed=1, max_position_embeddings=16)
    with pytest.raises(InputError, match=f"{short} has a context of 16; lower on_policy.max_new_tokens"):
        trained(tiny_model, tmp_path, "distill", ungraded, teacher=short)


def test_a_teacher_that_changes_its_logits_is_refused(tiny_model):
    model = load(tiny_model)
    model.config.final_logit_softcapping = 30.0
    with pytest.raises(InputError, match="final_logit_softcapping"):
        put_divergence_in(model, 1.0, 1.0)


def test_a_template_is_filled_once():
    assert filled("{prompt}|{reference}|{prompt}", "a {reference}", "{prompt} \\1") == (
        "a {reference}|{prompt} \\1|a {reference}"
    )
    assert Head(torch.zeros(3, 2), None).bias_V is divergence._cut(None, 2) is None


def test_weights_are_the_policy_s_own_again_after_the_teacher_has_read(tiny_model, tmp_path, monkeypatch):
    seen = []
    reading = sdft.EarlierSelf.reading

    def twice(self, trainer):
        seen.append([named(trainer.model), {name: value.clone() for name, value in self.weights.items()}])
        seen[-1][0] = {name: value.clone() for name, value in seen[-1][0].items()}
        return reading(self, trainer)

    monkeypatch.setattr(sdft.EarlierSelf, "reading", twice)
    more = {"sdft_template": TEMPLATE, "teacher_average": 0.5, "steps": 2}
    trained(tiny_model, tmp_path, "sdft", ungraded, **more)
    base = named(load(tiny_model))
    (policy, kept), (later, average) = seen
    for name, value in base.items():
        assert policy[name].equal(value) and kept[name].equal(value)
        torch.testing.assert_close(average[name], (value + later[name]) / 2)
    assert any(not later[name].equal(base[name]) for name in base)
