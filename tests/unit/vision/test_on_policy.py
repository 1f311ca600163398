"""On-policy training on prompts with images, against transformers' own model."""

import pytest
import torch
from helpers import tiny_vision
from helpers.on_policy_run import trained
from helpers.tiny_vision import library, library_inputs

from tms.generation.chat import ChatFormat


@pytest.fixture
def questions(rows):
    """Four prompts, with an image, none, two, and one."""
    return [
        {
            "example_id": f"e{place}",
            "prompt": "What is it?",
            "context": context,
            "completion": f"it is {place}",
            "answer": f"{place}",
            "grader": "fake",
        }
        for place, context in enumerate(rows.contexts)
    ]


def reward(text, answer):
    return sum(map(ord, text)) % 5 / 4


def run(folder, work, algorithm, **keys):
    """A step whose rollouts hold no placeholder: the library takes a sampled one for one of the prompt's."""
    placeholder = tiny_vision.IDS["image"]
    for seed in range(20):
        ended = trained(folder, work / f"{seed}", algorithm, reward, seed=seed, max_new_tokens=4, **keys)
        if not any(placeholder in rollout.sampled_ids for rollout in ended.steps[0]):
            return ended
    raise AssertionError("every seed samples a placeholder")


def gradient_norm(folder, chat, rollouts, weight):
    """Norm of the gradient of a weighted sum of log-probabilities of rollouts, in the library's model."""
    model = library(folder)
    for rollout in rollouts:
        ids = rollout.sampled_ids
        logits = model(**library_inputs(chat, rollout.prompt_ids + ids), use_cache=False).logits[0]
        logps = logits[len(rollout.prompt_ids) - 1 : -1].log_softmax(-1)
        chosen = logps.gather(-1, torch.tensor(ids)[:, None])
        (-weight(rollout, chosen)).backward()
    gradients = [
        one.grad
        for name, one in model.named_parameters()
        if one.grad is not None and "visual" not in name and "audio" not in name
    ]
    return torch.cat([one.flatten() for one in gradients]).norm().item()


def test_reinforce_learns_from_what_the_model_saw(folder, rows, questions, tmp_path):
    ended = run(folder, tmp_path, "reinforce", rows=questions, images=rows.images)
    chat, rollouts = ChatFormat(folder, images=rows.images), ended.steps[0]
    for row in questions:
        chat.prompt_ids(row["prompt"], row["context"])
    expected = gradient_norm(
        folder, chat, rollouts, lambda rollout, logps: rollout.advantage * logps.sum() / len(rollouts)
    )
    assert expected > 0.01 and ended.logged[0]["grad_norm"] == pytest.approx(expected, rel=1e-3)
    assert ended.curve[0]["kl"] == pytest.approx(0, abs=1e-5)


def test_grpo_learns_from_what_the_model_saw(folder, rows, questions, tmp_path):
    ended = run(folder, tmp_path, "grpo", rows=questions, images=rows.images, device_batch=16)
    chat, rollouts = ChatFormat(folder, images=rows.images), ended.steps[0]
    for row in questions:
        chat.prompt_ids(row["prompt"], row["context"])
    expected = gradient_norm(
        folder, chat, rollouts, lambda rollout, logps: rollout.advantage * logps.mean() / len(rollouts)
    )
    assert expected > 0.01 and ended.logged[0]["grad_norm"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("algorithm", ["grpo", "trapo", "sdft", "distill"])
def test_the_base_and_a_teacher_read_the_images_too(vl, rows, questions, tmp_path, algorithm):
    """A policy that has not moved is its base: no KL, and no divergence from itself as a teacher."""
    more = {"grpo": {"beta": 0.1, "device_batch": 16}, "sdft": {"sdft_template": "{prompt} {reference}"}}
    more["distill"] = {"teacher": vl, "divergence": 0.5}
    keys = more.get(algorithm, {})
    ended = trained(vl, tmp_path, algorithm, reward, rows=questions, images=rows.images, **keys)
    assert ended.curve[0]["kl"] == pytest.approx(0, abs=1e-5)
    first = ended.logged[0]
    if algorithm == "grpo":
        assert first["kl"] == pytest.approx(0, abs=1e-5)
    if algorithm == "distill":
        assert first["loss"] == pytest.approx(0, abs=1e-5)
    assert any(token < -1 for rollout in ended.steps[0] for token in rollout.prompt_ids)


def test_a_teacher_with_another_processor_is_refused(vl, rows, questions, tmp_path):
    from tms.io.errors import InputError

    teacher = tiny_vision.write_vl(tmp_path / "teacher", seed=1)
    file = teacher / "preprocessor_config.json"
    file.write_text(file.read_text().replace("1024", "512"))
    keys = {"teacher": teacher, "divergence": 0.5, "rows": questions, "images": rows.images}
    with pytest.raises(InputError, match="its image processor has other settings"):
        trained(vl, tmp_path, "distill", reward, **keys)
