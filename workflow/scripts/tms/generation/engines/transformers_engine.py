"""Generation with transformers, which is imported with torch when a model is loaded (5 CPU s), not before."""

from __future__ import annotations

import ctypes
import os
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tms.generation.engines.batch_rows import LOGITS, MAX_ROWS, ROW_STEP, batch_rows, slot_bytes
from tms.generation.engines.interface import Finished, Prompt
from tms.generation.sampling import Sampling
from tms.io import machine
from tms.io.errors import InputError, first_line
from tms.model_folder.weights_record import mending

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages

os.environ.setdefault("MKL_CBWR", "AVX2,STRICT")  # MKL reads it at its first call; `decoding` says why

BYTES = {"float32": 4, "bfloat16": 2}  # of a number
GPU_DRIVERS = ["libcuda.so.1", "nvcuda.dll", "libamdhip64.so"]  # torch sees no GPU without one of them


def has_gpu() -> bool:
    """Whether torch sees a GPU; it is imported to say so only where a driver is there."""
    if not any(map(_loads, GPU_DRIVERS)):
        return False
    import torch

    return torch.cuda.is_available()


class TransformersEngine:
    """Engine on transformers; float32 on a CPU, bfloat16 on a GPU.

    Args:
        budget: bytes that a batch may take for its cache and logits, but for one row, which it always has;
            by default half of the memory that a loaded model leaves free on a GPU, and 2 GiB on a CPU, where
            fewer rows than `ROW_STEP` are padded to so many beyond it.
        max_rows: rows that a batch may have.
        threads: CPU threads, set when a model is loaded; None leaves them as they are.
    """

    name = "transformers"

    def __init__(self, budget: int | None = None, max_rows: int = MAX_ROWS, threads: int | None = None):
        self.device, self.dtype = ("cuda", "bfloat16") if has_gpu() else ("cpu", "float32")
        torch_version = version("torch").partition("+")[0]
        self.version = f"{version('transformers')} torch {torch_version} {self.device} {self.dtype}"
        self.budget, self.max_rows, self.threads = budget, max_rows, threads
        self.images: PromptImages | None = None

    def load(self, folder: Path, room: int, images: PromptImages | None = None) -> None:
        """Load a model folder. The cache grows with its rows, so `room` is not needed."""
        import torch
        from transformers.utils.logging import disable_progress_bar

        from tms.model_folder.load import load_model

        if self.threads:
            torch.set_num_threads(self.threads)
        disable_progress_bar()  # of loading weights
        self.model = None  # its memory is free before the next one takes its own
        try:
            model = load_model(folder, getattr(torch, self.dtype), "sdpa", images)
        except InputError:
            raise
        except Exception as error:  # safetensors, transformers and torch each raise their own
            traceback.print_exc()  # of which the line below is the end
            refused = machine.refused(error, folder)
            damaged = f"{folder}: the model cannot be loaded ({first_line(error)}); {mending(folder)}"
            raise InputError(refused or damaged) from error
        self.attach(model.eval().to(self.device), images)

    def attach(self, model, images: PromptImages | None = None) -> None:
        """Generate with a model in memory, e.g. a policy in training.

        Args:
            model: that reads `images` (`tms.vision.attach`).
            images: in the prompts; None: there are none.

        Raises:
            InputError: its attention is not full.
        """
        config = model.config.get_text_config()
        if any(kind != "full_attention" for kind in getattr(config, "layer_types", None) or []):
            raise InputError(
                f"{model.name_or_path}: engine transformers serves models with full attention only; use "
                f"engine vllm"
            )
        self.model, self.config, self.images = model, config, images
        if self.budget is None:
            free = _free_gpu_bytes() if self.device == "cuda" else 4 << 30
            self.budget = free // 2

    def generate(
        self,
        prompts: list[Prompt],
        sampling: Sampling,
        end_token_ids: list[int],
        on_rows: Callable[[list[Finished]], None],
    ) -> None:
        """Generate in batches of prompts of similar length, the longest first; see `Engine.generate`."""
        from tms.generation.engines.decoding import decode

        def longest_first(index: int) -> tuple[int, list[int]]:
            prompt_ids = prompts[index].prompt_ids
            return -len(prompt_ids), prompt_ids  # equal prompts side by side: a batch reads each once

        order = sorted(range(len(prompts)), key=longest_first)
        while order:
            rows = self._batch_size(len(prompts[order[0]].prompt_ids) + sampling.max_new_tokens)
            batch = {index: prompts[index] for index in order[:rows]}
            step = ROW_STEP if self.device == "cpu" else min(rows, ROW_STEP)
            decode(self.model, self.device, batch, sampling, end_token_ids, on_rows, self.images, step)
            order = order[rows:]

    def _batch_size(self, length: int) -> int:
        """Rows of a batch whose longest row may have `length` tokens."""
        from tms.generation.engines.packed import SLOT_STEP, round_up

        config, heads = self.config, self.config.num_attention_heads
        channels = getattr(config, "head_dim", None) or config.hidden_size // heads
        shared = config.num_hidden_layers, heads, config.num_key_value_heads, channels
        slot = slot_bytes(*shared, BYTES[self.dtype], copied=self.device != "cpu")
        slots = length if self.device == "cpu" else round_up(length, SLOT_STEP)
        return batch_rows(self.budget, slot * slots + LOGITS * config.vocab_size, self.max_rows)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _free_gpu_bytes() -> int:
    import torch

    torch.cuda.empty_cache()  # what an engine beside this one has had and does not hold
    return torch.cuda.mem_get_info()[0]
