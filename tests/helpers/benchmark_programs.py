"""The programs of benchmarks/ as modules, so that tests can call their functions."""

import importlib.util
import sys
from types import ModuleType

from helpers.paths import ROOT


def load_program(name: str) -> ModuleType:
    """Import benchmarks/{name}.py."""
    path = ROOT / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look up their module
    spec.loader.exec_module(module)
    return module
