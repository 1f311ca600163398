"""A Python whose programs are forked from one process that has imported torch, training and Snakemake.

Their import takes 5 to 10 CPU seconds a program. `start(folder)` writes `folder/python`, which is called as
Python is (a program or `-c`, and its words) and becomes the real one for anything else, and for `lease.py`,
which needs no library and becomes another program. `serve` answers it: it imports the libraries at the first
call, and forks a process that has the caller's words, folder, environment, standard streams and signals. The
project's own modules are imported by each program, from beside it.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path

LIBRARIES = [
    *("torch", "torch.distributed.fsdp", "torch.utils.tensorboard"),
    *("transformers.trainer", "transformers.models.auto.modeling_auto", "accelerate.commands.launch"),
    *("transformers.models.qwen2.modeling_qwen2", "transformers.models.qwen3.modeling_qwen3"),
    *("trl.trainer.grpo_trainer", "datasets", "pandas", "pyarrow.parquet"),
    *("scipy.stats", "statsmodels.stats.multitest", "matplotlib.pyplot"),
    *("snakemake.cli", "snakemake.executors.local", "snakemake.executors.dryrun", "snakemake.sourcecache"),
    *("snakemake_executor_plugin_slurm", "snakemake_executor_plugin_slurm_jobstep", "smart_open"),
    *("yte", "jsonschema"),
]
# Of the caller's process: the words, the way there, and nothing to import that takes time.
CALLER = """#!{python} -IS
import os, sys
words = sys.argv[1:]
if words[:1] == ["-u"]:
    del words[0]
if not words or words[0].startswith("-") and words[0] != "-c" or words[0].endswith("lease.py"):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
import json, signal, socket
with socket.socket(socket.AF_UNIX) as there:
    there.connect({address!r})
    request = json.dumps([words, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(there, [len(request).to_bytes(8, "big")], [0, 1, 2])
    there.sendall(request)
    answers = there.makefile("r")
    process = int(answers.readline())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: os.kill(process, number))
    status = int(answers.readline())
if status < 0:
    signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
    os.kill(os.getpid(), -status)
os._exit(status)
"""


def path() -> str:
    """The Python that `tests/conftest.py` has started."""
    return os.environ["FORKED_PYTHON"]


def start(folder: Path) -> subprocess.Popen:
    """Write `folder/python` and start what serves it, until its standard input is closed."""
    address = str(folder / "socket")
    python = folder / "python"
    python.write_text(CALLER.format(python=sys.executable, address=address))
    python.chmod(0o755)
    own = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # no thread before a fork
    own |= {"HF_HUB_OFFLINE": "1", "MALLOC_MMAP_THRESHOLD_": str(256 << 20)}  # as in common.smk
    own |= {"TORCH_COMPILE_DISABLE": "1"}  # torch reads it while it is imported
    words = [sys.executable, __file__, address]
    server = subprocess.Popen(words, env=os.environ | own, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    server.stdout.readline()  # it listens
    return server


def serve(address: str) -> None:
    """Fork a process for each call; the caller gets its number, then its exit status."""
    sys.path.pop(0)  # this folder
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        print("listens", flush=True)
        signal.signal(signal.SIGCHLD, collect)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            call, _ = listener.accept()
            if "torch" not in sys.modules:
                import_libraries()
            if not os.fork():
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                answer(call)
            call.close()


def import_libraries() -> None:
    sys.modules["sklearn"] = None  # as `tms.io.cli`
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def collect(*_) -> None:
    """Let ended children go, with their CPU seconds."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def answer(call: socket.socket) -> None:
    """Run a call's program in a child, tell the caller how it ended, and exit."""
    length, streams, _, _ = socket.recv_fds(call, 8, 3)
    words, folder, environment = json.loads(call.makefile("rb").read(int.from_bytes(length, "big")))
    process = os.fork()
    if process:
        for stream in streams:
            os.close(stream)
        call.sendall(f"{process}\n".encode())
        if call in select.select([call, os.pidfd_open(process)], [], [])[0]:
            os.kill(process, signal.SIGKILL)  # as its caller was
        _, status = os.waitpid(process, 0)
        with suppress(BrokenPipeError):
            call.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    call.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os._exit(ended(words))


def ended(words: list[str]) -> int:
    """Run a program to its end, but do not take all modules down, which takes half a second; exit status."""
    status = 0
    try:
        run(words)
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int | None) else 1
        if status != stop.code:
            print(stop.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return (status or 0) & 255


def run(words: list[str]) -> None:
    """As Python starts a program."""
    sys.path[:0] = os.environ.get("PYTHONPATH", "").split(os.pathsep) if "PYTHONPATH" in os.environ else []
    if words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        sys.path.insert(0, "")
        exec(compile(words[1], "-c", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = words
        sys.path.insert(0, str(Path(words[0]).resolve().parent))
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    serve(sys.argv[1])
