"""Loss and gradients of a micro-batch of SmolLM2-135M-Instruct, in float32, against TRL's fused head.

Of the step of 64 rows that training would make, sorted by length, the middle micro-batch; padded alike on
both sides. The gradient's norm is compared beside the loss.
"""

from measuring import Missing

WORK = "SFT micro-batch of 8 rows, SmolLM2-135M, GSM8K, float32"
PEER = "TRL's fused head (`add_fused_lm_head`)"
PACKAGES = ["torch", "transformers", "trl"]
FIRST = "time 0.88, memory 1.52"
REACH = {"time": 0.75, "memory": 0.5}
STEP, ROWS = 64, 8


def batch(inputs) -> dict:
    """`input_ids` and `labels` of the micro-batch.

    Raises:
        Missing: no model, or no GSM8K.
    """
    from tms.generation.chat import ChatFormat
    from tms.io.errors import InputError
    from tms.tasks import gsm8k
    from tms.training.examples import IGNORED, TrainingExample
    from tms.training.sft_trainer import arrange, collate

    if not inputs.smollm2.is_dir():
        raise Missing(f"{inputs.smollm2}: no such folder; make real fetches the model, --smollm2 names it")
    try:
        rows = gsm8k.build("train", STEP, 0, {}, inputs.data_root)
    except InputError as error:
        raise Missing(f"{error} (--data-root)") from error
    chat = ChatFormat(inputs.smollm2)
    targets = []
    for row in rows:
        prompt, answer = chat.prompt_ids(row["prompt"]), chat.answer_ids(row["solution"])[0]
        targets.append(TrainingExample(prompt + answer, [IGNORED] * len(prompt) + answer))
    return collate(arrange(targets, STEP)[(STEP - ROWS) // 2 :][:ROWS])


def work_of(model, loss):
    """The measured work: gradients of a loss, from none."""

    def work() -> tuple[float, float]:
        model.zero_grad()
        value = loss()
        value.backward()
        squares = [parameter.grad.double().square().sum() for parameter in model.parameters()]
        return value.item(), sum(squares).sqrt().item()

    return work


def product(inputs):
    """The model with its loss inside."""
    import torch

    from tms.model_folder.load import load_model
    from tms.training.head_loss import put_loss_in
    from tms.training.losses import nll

    rows = batch(inputs)
    model = load_model(inputs.smollm2, torch.float32, "sdpa").train()
    put_loss_in(model, nll.summed)
    tokens = int((rows["labels"][:, 1:] >= 0).sum())
    return work_of(model, lambda: model(**rows, num_items_in_batch=tokens)["loss"])


def peer(inputs):
    """The model with TRL's head, and the mask of its collator."""
    import torch
    from transformers import AutoModelForCausalLM
    from trl.trainer.utils import add_fused_lm_head

    rows = batch(inputs)
    model = AutoModelForCausalLM.from_pretrained(inputs.smollm2, dtype=torch.float32).train()
    add_fused_lm_head(model)
    # Padding has id 0 in a row, and so may a token: only what follows the last token with loss is padding.
    ends = [
        max(place for place, label in enumerate(labels) if label >= 0) for labels in rows["labels"].tolist()
    ]
    places = torch.arange(rows["labels"].shape[1])
    mask = (places <= torch.tensor(ends)[:, None]).long()
    return work_of(model, lambda: model(**rows, attention_mask=mask, fused_lm_head=True).loss)


def check(ours: tuple[float, float], theirs: tuple[float, float]) -> None:
    """Equal losses and norms, up to the rounding of sums in another order."""
    for here, there in zip(ours, theirs, strict=True):
        assert abs(here - there) <= 1e-4 * abs(there), (ours, theirs)
