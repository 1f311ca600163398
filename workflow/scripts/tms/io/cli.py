"""Start of every stage program: reads its flags, and turns an error of the input into one line."""

import argparse
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tms.io import disk, interrupts, memory
from tms.io.errors import InputError

OUTPUTS = ("output", "output_root", "to", "record")  # flags that name what a program writes


def run(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Parse the command line and call `main`; an `InputError` becomes one line (of several faults a line
    each) and exit status 2, and so does what a disk or the system refuses, memory too. Ctrl-C becomes one
    line too.

    A program whose parser has `--threads` (CPU threads; results depend on it) gets that many OpenMP
    threads and `same_kernels`, before anything imports torch. What it prints after its reader has gone
    (`program | head`) goes nowhere, and its work goes on.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream and stream is getattr(sys, f"__{name}__"):  # not a test's
            setattr(sys, name, without_reader(stream))
    # Nothing here uses scikit-learn, which transformers imports where it is installed (2 CPU s, with SciPy).
    sys.modules.setdefault("sklearn", None)
    args = parser.parse_args()
    if getattr(args, "threads", None):
        same_kernels()
        os.environ["OMP_NUM_THREADS"] = str(args.threads)
        os.environ["MKL_NUM_THREADS"] = str(args.threads)
    try:
        main(args)
    except KeyboardInterrupt:
        interrupts.end_program()
    except Exception as error:
        refused = disk.refused(error, _written(args)) or memory.ran_out(error)
        told = error if isinstance(error, InputError) else refused
        if told is None:
            raise
        for line in str(told).splitlines():
            print(f"error: {line}", file=sys.stderr)
        sys.exit(2)


def _written(args: argparse.Namespace) -> Path | None:
    """What a program writes first, by its flags: for an error that names no file."""
    given = [vars(args)[name] for name in OUTPUTS if vars(args).get(name)]
    first = given[0] if given else None
    return Path(first[0] if isinstance(first, list) else first) if first else None


def without_reader(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """The same standard stream, which takes text after its reader has gone, too."""
    stream.flush()
    raw = _Descriptor(stream.fileno(), "w", closefd=False)
    buffer = raw if isinstance(stream.buffer, io.RawIOBase) else io.BufferedWriter(raw)  # raw: python -u
    names = ("encoding", "errors", "line_buffering", "write_through")
    return io.TextIOWrapper(buffer, **{name: getattr(stream, name) for name in names})


class _Descriptor(io.FileIO):
    """A file descriptor that becomes /dev/null when a pipe's reader has gone."""

    def write(self, data) -> int | None:
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(data)


def same_kernels(cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Keep torch to its AVX2 kernels on a CPU that has AVX-512 too, unless the user has chosen.

    The two sum in other orders, so a newer CPU would train another model (docs/results/tiny.md).
    """
    if cpuinfo.exists() and " avx512f " in cpuinfo.read_text():
        os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")


def add_configfile(flags: argparse.ArgumentParser, over: str = "config/config.yaml, in order") -> None:
    """Add the flag `--configfile`: further configuration files, and what they are laid over."""
    flags.add_argument("--configfile", nargs="+", type=Path, default=[], help=f"laid over {over}")


def add_images(flags: argparse.ArgumentParser) -> None:
    """Add the flag `--images`, whose files a program gives to `tms.io.images.Images`."""
    flags.add_argument(
        "--images",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="prepared files with the images of the rows' prompts (Parquet)",
    )


def parse_pairs(pairs: list[str]) -> dict[str, str]:
    """Read `name=value` arguments into a dictionary, in order.

    Raises:
        InputError: an argument has no `=`, or a name is given twice.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise InputError(f"argument {pair!r}: write it as name=value")
        if name in values:
            raise InputError(f"argument {pair!r}: {name} is given twice")
        values[name] = value
    return values
