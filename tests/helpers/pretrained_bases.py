"""Models that a pretraining program made in a few steps, or copied instead of making them."""

import json
from pathlib import Path

PLACES = ["--base", "made/base", "--record", "made/pretrain.json"]
SMALL = "--width 32 --layers 1 --heads 2 --feed-forward 32 --batch 16 --threads 2".split()


def pretrained(run_program, folder: Path, program: str, tasks: dict, shipped: Path, steps: int) -> Path:
    """Pretrain a base of few parameters that is not the shipped one; returns its folder and its record's.

    Args:
        run_program: the fixture.
        folder: where the program runs.
        program: its name.
        tasks: of its corpus.
        shipped: folder with the shipped base.
        steps: of the pretraining.
    """
    flags = ["--tasks", json.dumps(tasks), "--shipped", shipped, "--steps", str(steps)]
    done = run_program(folder, program, *flags, *SMALL, *PLACES)
    assert done.returncode == 0, done.stderr
    assert "other settings, corpus than now; pretraining anew" in done.stdout
    return folder / "made"


def check_base(made: Path, tasks: dict, steps: int) -> None:
    """Check that a base is in bf16, and its record that of this pretraining."""
    from safetensors.torch import load_file

    weights = load_file(made / "base/model.safetensors")
    assert {str(tensor.dtype) for tensor in weights.values()} == {"torch.bfloat16"}
    record = json.loads((made / "pretrain.json").read_text())
    assert record["settings"]["steps"] == steps and record["settings"]["tasks"] == tasks
    assert record["weights"] == {"base": json.loads((made / "base/weights.json").read_text())["sha256"]}


def copied(done, shipped: Path, made: Path) -> int:
    """Check that a program copied all files of a shipped folder, byte by byte; returns their number.

    Args:
        done: the finished program.
        shipped, made: the folders.
    """
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("copied from ")
    files = [
        path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file() and path.suffix != ".md"
    ]
    for file in files:
        assert (made / file).read_bytes() == (shipped / file).read_bytes()
    return len(files)
