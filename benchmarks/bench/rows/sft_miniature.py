"""Optimiser steps of SFT of the miniature, against transformers' own Trainer with the same rows and order.

Both load the model, train and save it at the end. The peer pads and masks as usual, and computes all logits.
"""

import math
import tempfile
from itertools import islice
from pathlib import Path

WORK = "SFT of the miniature, 4 steps of 64 rows, micro-batches of 16 (seconds a step)"
PEER = "transformers, `Trainer`"
PACKAGES = ["torch", "transformers", "accelerate"]
FIRST = "time 0.88"
REACH = {"time": 0.7}
MINIATURE = Path(__file__).resolve().parents[3] / "workflow" / "resources" / "miniature" / "base"
STEPS, STEP, ROWS, RATE = 4, 64, 16, 1e-4
COUNTDOWN = {"count": 3, "max_number": 15, "max_target": 50, "prompt": "make {target} from {numbers}"}
TASKS = {
    "mini_countdown": {"kind": "countdown", "options": COUNTDOWN},
    "mini_chain": {"kind": "chain", "options": {"style": "miniature"}},
}


def targets():
    """Prompts with worked answers, as the miniature's SFT has them, in the order of training."""
    from tms.generation.chat import ChatFormat
    from tms.miniature.corpus import Corpus
    from tms.training.examples import IGNORED, TrainingExample
    from tms.training.sft_trainer import arrange

    chat, rows = ChatFormat(MINIATURE), []
    for asked, answered in islice(Corpus(TASKS).worked_pairs("bench"), STEPS * STEP):
        prompt, answer = chat.prompt_ids(asked), chat.answer_ids(answered)[0]
        rows.append(TrainingExample(prompt + answer, [IGNORED] * len(prompt) + answer))
    return arrange(rows, STEP)


def product(inputs):
    """`tms.training.sft_trainer`."""
    import json

    from tms.training.settings import LOSSES, Settings
    from tms.training.sft_trainer import train

    rows = targets()

    def work() -> list[float]:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                learning_rate=RATE,
                effective_batch=STEP,
                device_batch=ROWS,
                seed=0,
                threads=inputs.threads,
                save_every_seconds=math.inf,
                report_to="none",
                log_dir=Path(folder),
            )
            train(MINIATURE, rows, {STEPS: "1of1"}, settings, Path(folder))
            return json.loads((Path(folder) / LOSSES).read_text())

    return work


def peer(inputs):
    """`Trainer` with a collator that pads and masks."""
    import torch
    from transformers import AutoModelForCausalLM, PrinterCallback, Trainer, TrainingArguments, set_seed

    from tms.training.settings import Settings
    from tms.training.sft_trainer import collate

    rows = targets()
    ours = Settings(learning_rate=RATE, effective_batch=STEP, device_batch=ROWS, seed=0, log_dir=Path())

    def collated(part: list) -> dict:
        lengths = torch.tensor([len(row.input_ids) for row in part])
        batch = collate(part)
        mask = (torch.arange(batch["labels"].shape[1]) < lengths[:, None]).long()
        return batch | {"attention_mask": mask}

    def work() -> list[float]:
        set_seed(0)
        model = AutoModelForCausalLM.from_pretrained(MINIATURE, dtype=torch.float32)
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder,
                num_train_epochs=1,
                per_device_train_batch_size=ROWS,
                gradient_accumulation_steps=STEP // ROWS,
                train_sampling_strategy="sequential",
                learning_rate=RATE,
                adam_beta1=ours.adam_beta1,
                adam_beta2=ours.adam_beta2,
                weight_decay=ours.weight_decay,
                max_grad_norm=ours.max_grad_norm,
                lr_scheduler_type="cosine",
                warmup_steps=ours.warmup,
                use_cpu=True,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                remove_unused_columns=False,
                dataloader_pin_memory=False,
            )
            trainer = Trainer(model, arguments, data_collator=collated, train_dataset=rows)
            trainer.remove_callback(PrinterCallback)
            trainer.train()
            trainer.save_model(folder)
        return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

    return work


def check(ours: list[float], theirs: list[float]) -> None:
    """Equal losses of every step, up to the last bits of float32."""
    assert len(ours) == len(theirs) == STEPS
    for here, there in zip(ours, theirs, strict=True):
        assert abs(here - there) <= 2e-7, (here, there)


def units(result: list[float]) -> int:
    """Steps."""
    return STEPS
