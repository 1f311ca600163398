"""Models that a pretraining program copied instead of making them."""

from pathlib import Path


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
