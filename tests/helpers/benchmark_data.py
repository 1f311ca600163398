"""The folder of real benchmark files for tests, laid out as on the hub; they are no part of the project."""

import os
from pathlib import Path

import pytest

from helpers.paths import ROOT

DATA = Path(os.environ.get("TMS_DATA_ROOT", ROOT.parent / "shared" / "data"))

needs_data = pytest.mark.skipif(
    not DATA.exists(), reason=f"no local benchmark copies at {DATA}; name their folder in TMS_DATA_ROOT"
)
