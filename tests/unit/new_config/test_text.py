"""The file's text: YAML of the same values, at most 15 lines, each with a comment."""

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tms.new_config import text
from tms.new_config.hardware import LORA

PATHS = st.text(min_size=1, max_size=40)  # whatever a user's file or column is called
DOWNLOAD = {"Small": {"repo": "a/Small", "revision": "0" * 40}}
ON_CARDS = {"parameters": 6e8, "engine": "vllm", "gpus": {"train": 1, "generate": 1}}


@given(PATHS, PATHS, PATHS, st.booleans())
@example("0", "a\nb", "\x85", True)
@example("0", "\u2028", "\n", False)
def test_any_names_are_read_back(base, file, column, largest):
    model = {"base": base, "training": {"learning_rate": 5e-6, "epochs": 3} | LORA}
    task = {"kind": "records", "grader": "none", "options": {"files": file, "columns": {"prompt": column}}}
    task |= {"train": 128, "heldout": 16, "test": 16, "max_new_tokens": 256}
    values = text.configuration(
        "on", "1e3", model | (ON_CARDS if largest else {}), task, DOWNLOAD if largest else {}
    )
    written = text.text(values)
    assert yaml.safe_load(written) == values
    lines = written.split("\n")[:-1]
    assert len(lines) <= 15
    assert all("  # " in line for line in lines)
