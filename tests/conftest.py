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


# Files that start first: SLURM's tests wait most of their time, and the smoke run holds up what needs it.
FIRST = ["slurm/test_slurm.py", "workflow/test_stale.py", "scripts/test_train_on_policy.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first and those that need a finished smoke run last, for `--no-loadscope-reorder`."""

    def place(item: pytest.Item) -> int:
        file = str(item.path.relative_to(Path(__file__).parent))
        return FIRST.index(file) if file in FIRST else len(FIRST) + file.startswith("workflow/")

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
