"""DFT against its closed form, and against TRL's loss on equal batches."""

import ast
from pathlib import Path

import pytest
import torch
from helpers.paths import ROOT
from hypothesis import given
from hypothesis import strategies as st

from tms.training.examples import IGNORED
from tms.training.losses import dft
from tms.training.losses.dft import summed

LOGITS = st.lists(st.floats(-6, 6), min_size=2, max_size=5).map(lambda row: torch.tensor([row]))


def gradient(loss, logits):
    logits = logits.clone().requires_grad_()
    return torch.autograd.grad(loss(logits), logits)[0]


@given(logits=LOGITS)
def test_value_and_gradient_are_the_nlls_times_p(logits):
    target = torch.tensor([0])
    p_V = logits[0].softmax(-1)
    assert summed(logits, target).item() == pytest.approx((-p_V[0] * p_V[0].log()).item(), abs=1e-6)
    found = gradient(lambda logits: summed(logits, target), logits)
    torch.testing.assert_close(found[0], p_V[0] * (p_V - torch.eye(len(p_V))[0]), atol=1e-6, rtol=1e-4)
    of_p = gradient(lambda logits: -logits.softmax(-1)[0, 0], logits)
    torch.testing.assert_close(found, of_p, atol=1e-6, rtol=1e-4)


def test_a_token_without_probability_has_no_gradient():
    found = gradient(lambda logits: summed(logits, torch.tensor([0])), torch.tensor([[-200.0, 0.0]]))
    assert found.tolist() == [[0, 0]]


def test_positions_without_loss_count_nothing():
    logits, targets = torch.zeros(4, 5), torch.tensor([IGNORED, 2, IGNORED, 4])
    assert summed(logits, targets).item() == pytest.approx(2 * 0.2 * torch.tensor(5.0).log().item())
    found = gradient(lambda logits: summed(logits, targets), logits)
    assert found[[0, 2]].abs().max() == 0 < found[[1, 3]].abs().min()


def test_the_guide_shows_the_module():
    """docs/adding-a-method.md has it whole, but for its docstrings."""
    page = (ROOT / "docs" / "adding-a-method.md").read_text()
    shown = page.partition("```python\n")[2].partition("```")[0]
    module, guide = (ast.parse(text) for text in (Path(dft.__file__).read_text(), shown))
    module.body = module.body[1:]
    module.body[-1].body = module.body[-1].body[1:]
    assert ast.dump(guide) == ast.dump(module)


@pytest.mark.slow
def test_equals_trls_loss(tiny_model, tmp_path):
    """Loss and gradients of a batch are those of TRL's `SFTTrainer` with loss_type dft."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    ids = torch.randint(5, 70, (3, 12), generator=torch.Generator().manual_seed(0))
    labels = ids.clone()
    labels[:, :4] = IGNORED
    labels[1, -3:] = IGNORED
    tokens = (labels[:, 1:] != IGNORED).sum()
    ours, trls = (AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32) for _ in range(2))
    logits_NV = ours(input_ids=ids).logits[:, :-1].flatten(0, 1)
    loss = summed(logits_NV, labels[:, 1:].flatten()) / tokens
    loss.backward()

    trainer = SFTTrainer(
        trls,
        SFTConfig(str(tmp_path), loss_type="dft", use_cpu=True, bf16=False, report_to="none"),
        train_dataset=Dataset.from_dict({"input_ids": ids.tolist()}),
        processing_class=AutoTokenizer.from_pretrained(tiny_model),
    )
    batch = {"input_ids": ids, "labels": labels, "attention_mask": torch.ones_like(ids)}
    expected = trainer.compute_loss(trls, batch, num_items_in_batch=tokens)
    expected.backward()
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=0)
    for (name, one), other in zip(ours.named_parameters(), trls.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-7, msg=name)
