"""Rows of several checkpoints: one process that loads one after the other, against a process for each.

Checkpoints are the miniature with a little noise on its weights. Imports and loading are measured.
"""

WORK = "harvest, 290 rows of each of 10 checkpoints of the miniature, one process"
PEER = "transformers, `generate`, a process a checkpoint"
PACKAGES = ["torch", "transformers"]
FIRST, REACH = "time 0.20", {"time": 0.2}
CHECKPOINTS, ROWS, LONGEST = 10, 290, 96


def product(inputs):
    """One process for all checkpoints."""
    folders = checkpoints()
    return lambda: generated("product", folders)


def peer(inputs):
    """A process for each checkpoint."""
    folders = checkpoints()
    return lambda: [row for folder in folders for row in generated("peer", [folder])]


def generated(side: str, folders: list[str]) -> list[list[int]]:
    """Completion ids of a process's rows."""
    import json
    import subprocess
    import sys
    from pathlib import Path

    program = Path(__file__).parent / "_harvest_side.py"
    done = subprocess.run(
        [sys.executable, str(program), side, str(LONGEST), *folders], stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def checkpoints() -> list[str]:
    """Folders of checkpoints with the rows that are wanted of each; they go when the process ends."""
    import atexit
    import json
    import shutil
    import tempfile
    from pathlib import Path

    import torch
    from safetensors.torch import load_file, save_file

    from rows import _generating
    from tms.model_folder.digest import write_digest
    from tms.tasks import chain

    root = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    wanted = chain.build("train", CHECKPOINTS * ROWS, 0, {})
    noise = torch.Generator().manual_seed(0)
    for number in range(CHECKPOINTS):
        folder = shutil.copytree(_generating.MINIATURE, root / str(number))
        weights = load_file(folder / "model.safetensors")
        for value in weights.values():
            value += 1e-3 * torch.randn(value.shape, generator=noise)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        write_digest(folder)
        rows = [{**row, "sample": 0} for row in wanted[number::CHECKPOINTS]]
        (folder / "rows.json").write_text(json.dumps(rows))
    return [str(root / str(number)) for number in range(CHECKPOINTS)]


def check(ours: list[list[int]], theirs: list[list[int]]) -> None:
    """Equal texts, but for one row in a hundred, where two logits are equal to the last bits."""
    differ = sum(mine != other for mine, other in zip(ours, theirs, strict=True))
    assert differ <= len(ours) / 100, f"{differ} of {len(ours)} rows differ"
