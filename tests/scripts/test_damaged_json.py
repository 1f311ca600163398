"""No damaged JSON ends in a traceback: each program that reads it says a line with the file and a remedy."""

import subprocess
import sys
from pkgutil import resolve_name

import pytest
from helpers.paths import SCRIPTS
from safetensors.numpy import save_file

from tms.io.errors import InputError

DAMAGES = {
    "null": b"null",
    "list": b"[]",
    "number": b"12",
    "object": b"{}",
    "empty": b"",
    "cut": b'{"sizes": {"model.s',
    "not UTF-8": b'{"\xff": 1}',
}
# File -> its reader, and whether that takes the folder. An empty object is damage to these.
READERS = {
    "scores.json": ("tms.metrics.scores.read_scores", False),
    "health.json": ("tms.training.health.read", False),
    "index.json": ("tms.report.page.content.read_index", True),
    "answer.json": ("tms.report.page.first_screen.read_answer", False),
    "choose.json": ("tms.report.page.first_screen.read_choices", False),
    "overlap.json": ("tms.data.contamination.report.read_report", False),
    "drift.json": ("tms.experiments.mismatch.read_trajectories", False),
    "filter.json": ("tms.model_card.page.read_filter", False),
    "unit.json": ("tms.units.record.read", True),
    "adapter_config.json": ("tms.model_folder.adapter_config.adapter_settings", True),
    "model.safetensors.index.json": ("tms.model_folder.whole.check_files", True),
    "weights.json": ("tms.model_folder.digest.weights_digest", True),
}
# These need no key.
OPEN = {
    "cost.json": ("tms.io.cost.read", False),
    "drift.json": ("tms.metrics.drift_table.drift_rows", False),
    "updates.json": ("tms.experiments.method_cells.read_updates", False),
    "warnings.json": ("tms.report.page.runs.warnings", False),
    "pretrain.json": ("tms.miniature.record.read", True),
    "config.json": ("tms.memory_plan.architecture.architecture", True),
    "generation_config.json": ("tms.generation.chat.generation_config", True),
}
CASES = [
    pytest.param(file, *reader, damage, id=f"{file} {damage}")
    for readers in (READERS, OPEN)
    for file, reader in readers.items()
    for damage in DAMAGES
    if readers is READERS or damage != "object"
]
MORE = {"tms.metrics.scores.read_scores": (["chain"],)}  # arguments beside the file


@pytest.mark.parametrize(("file", "reader", "of_folder", "damage"), CASES)
def test_each_reader_of_json_says_a_line(tmp_path, file, reader, of_folder, damage):
    if reader.startswith("tms.model_folder"):
        save_file({}, tmp_path / "model-1.safetensors")
    path = tmp_path / file
    path.write_bytes(b"[1]" if (file, damage) == ("index.json", "list") else DAMAGES[damage])
    first = [path] if file == "warnings.json" else path.parent if of_folder else path
    with pytest.raises(InputError) as error:
        resolve_name(reader)(first, *MORE.get(reader, ()))
    (line,) = str(error.value).splitlines()
    assert line.startswith(str(path)) and "; " in line


def test_a_program_ends_with_the_line(tmp_path):
    """Of a whole program: the exit status, and no traceback."""
    (tmp_path / "overlap.json").write_text("null")
    command = [sys.executable, str(SCRIPTS / "contamination_gate.py"), "--report", "overlap.json"]
    command += ["--max-share", "0.1", "--table", "x.csv", "--output", "x.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: overlap.json: not a readable report (null where a JSON object belongs)")
    assert [path.name for path in tmp_path.iterdir()] == ["overlap.json"]
