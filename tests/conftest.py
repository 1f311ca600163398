"""Fixtures of every test: a model of a few thousand parameters that is in truth a Qwen2."""

import gc
import os
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from helpers import forked_python, tiny_models
from hypothesis import settings

from tms.io.cli import same_kernels

# Images of containers forbid it, and then every process of the tests compiles every module.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
same_kernels()  # as the programs do, before a test imports torch
settings.register_profile("any machine", deadline=None)  # no test fails for being slow
settings.load_profile("any machine")
# A shell has its background jobs ignore Ctrl-C, and so would the programs that tests interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Start the Python of the tests' processes, once for all of pytest's own."""
    if sys.platform != "linux":
        os.environ["FORKED_PYTHON"] = sys.executable
    elif not hasattr(config, "workerinput"):
        folder = TemporaryDirectory()
        os.environ["FORKED_PYTHON"] = f"{folder.name}/python"
        server = forked_python.start(Path(folder.name))
        config.add_cleanup(lambda: (server.communicate(), folder.cleanup()))


# Files that start first, the longest before the others: SLURM's tests wait most of their time, and the smoke
# run of `test_stale` holds up what needs it.
FIRST = {
    "slow": [
        *("slurm/test_slurm.py", "workflow/test_stale.py", "workflow/test_torture.py"),
        *("scripts/test_train_on_policy.py", "unit/test_envs.py", "workflow/test_killed.py"),
        *("scripts/test_report_size.py", "scripts/test_gpu_check.py", "workflow/test_real_model.py"),
        *("unit/generation/test_tensor_parallel.py", "scripts/test_estimate.py"),
        *("workflow/test_own_data.py", "workflow/test_units.py"),
    ],
    "not slow": ["workflow/test_pretrain.py", "workflow/test_hostile_names.py"],
}
TESTS = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files without a slow test where only these run: importing them takes half a minute."""
    named = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    if config.option.markexpr == "slow" and named and "mark.slow" not in collection_path.read_text():
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """The longest files first and those that need a finished smoke run last, for `--no-loadscope-reorder`."""
    first = FIRST.get(config.option.markexpr, [])

    def place(item: pytest.Item) -> int:
        file = str(item.path.relative_to(TESTS))
        return first.index(file) if file in first else len(first) + file.startswith("workflow/")

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Leave the imports out of garbage collections: statsmodels' multipletests begins with a whole one."""
    gc.freeze()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """Model folder of a randomly initialised Qwen2 with a token for each character; copy it to change it."""
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tiny") / "base"
    tiny_models.with_characters(folder)
    return folder
