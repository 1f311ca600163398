"""A real SLURM on this machine: one node, from Debian's packages, and the edits that fit the profile."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

CONFIGURATION = Path("/etc/slurm/slurm.conf")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
# Device files that stand for GPUs: SLURM counts and hands out what it is told.
CARDS = ["/dev/null", "/dev/zero"]
SLURM_CONF = """
ClusterName=tms
SlurmctldHost={host}
SlurmUser=slurm
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/state/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0
GresTypes=gpu
KillWait=30
SlurmdTimeout={timeout}
ReturnToService=2
NodeName={host} CPUs={cpus} RealMemory={memory} Gres=gpu:2 State=UNKNOWN
PartitionName=test Nodes={host} Default=YES State=UP
"""
# The lines of slurm/config.v9+.yaml that a cluster without accounting needs; less waiting than on a real one.
EDITS = [
    ("# slurm-status-command: squeue", "slurm-status-command: squeue"),
    ("# slurm-no-account: true", "slurm-no-account: true\nslurm-init-seconds-before-status-checks: 4"),
    ("# slurm_partition: gpu", "slurm_partition: test"),
    ("mem_mb: 8000", "mem_mb: 2000"),
    ("latency-wait: 60", "latency-wait: 20\nseconds-between-status-checks: 2"),
]


def run(*command: str) -> subprocess.CompletedProcess:
    """A command and what it printed."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def missing() -> str:
    """Why no SLURM can be started here; empty where one can."""
    if os.geteuid() != 0:
        return "starting a SLURM needs root"
    if CONFIGURATION.exists():
        return f"{CONFIGURATION} exists: this machine has a SLURM of its own"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"SLURM is not installed ({', '.join(absent)})" if absent else ""


class Node:
    """The node and its daemons.

    Args:
        folder: of the daemons.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.daemons: dict[str, subprocess.Popen] = {}

    def start(self, *command: str) -> None:
        """Start a daemon."""
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        name = next(word for word in command if word in PROGRAMS)
        self.daemons[name] = subprocess.Popen(command, **silent)
        time.sleep(1)

    def die(self) -> None:
        """`kill -9` of the node's daemon and of all that it has started, as when its power goes."""
        daemon = psutil.Process(self.daemons["slurmd"].pid)
        steps = [one for one in psutil.process_iter(["name"]) if one.info["name"] == "slurmstepd"]
        for process in [daemon, *steps]:
            with suppress(psutil.Error):
                for one in [*process.children(recursive=True), process]:
                    with suppress(psutil.Error):
                        one.kill()
        self.daemons["slurmd"].wait()

    def boot(self) -> None:
        """Start the node again."""
        self.start("slurmd", "-D", "-b")
        self.wait_until("idle", "mix", "alloc")

    def wait_until(self, *states: str) -> None:
        """Wait for the node to be in one of some states.

        Raises:
            TimeoutError: it does not come into one; with the daemons' last words.
        """
        deadline = time.monotonic() + 120
        while state().rstrip("*") not in states or (state().endswith("*") and "down" not in states):
            if time.monotonic() > deadline:
                logs = [path.read_text()[-2000:] for path in self.folder.rglob("*.log")]
                raise TimeoutError("\n".join([f"SLURM's node is {state()!r}, not {states}", *logs]))
            time.sleep(0.5)


def state() -> str:
    """The node's state as `sinfo` says it; a star marks one that does not answer."""
    return run("sinfo", "--noheader", "--format=%t").stdout.strip()


@contextmanager
def one_node(timeout: int = 300):
    """Start a SLURM, and stop it in the end.

    Args:
        timeout: seconds after which a node that does not answer is down.
    """
    folder = Path("/run/tms-slurm")  # daemons run as other users, which may not enter a test's folders
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "state").mkdir(parents=True)
    shutil.chown(folder / "state", "slurm")
    Path("/run/munge").mkdir(exist_ok=True)
    shutil.chown("/run/munge", "munge")
    host = socket.gethostname().partition(".")[0]
    CONFIGURATION.parent.mkdir(exist_ok=True)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 9 // 10 >> 20
    facts = {"host": host, "folder": folder, "cpus": os.cpu_count(), "memory": memory, "timeout": timeout}
    CONFIGURATION.write_text(SLURM_CONF.format(**facts))
    gres = CONFIGURATION.with_name("gres.conf")
    gres.write_text("".join(f"Name=gpu File={device}\n" for device in CARDS))
    node = Node(folder)
    try:
        node.start("runuser", "-u", "munge", "--", "munged", "-F")
        node.start("slurmctld", "-D")
        node.start("slurmd", "-D")
        node.wait_until("idle")
        yield node
    finally:
        run("scancel", "--user", "root")
        for daemon in reversed(node.daemons.values()):
            daemon.terminate()
            daemon.wait(timeout=30)
        CONFIGURATION.unlink()
        gres.unlink()
        shutil.rmtree(folder, ignore_errors=True)


def fit_profile(folder: Path) -> None:
    """Edit the SLURM profile of a copy of the project so that it fits this cluster."""
    profile = folder / "slurm" / "config.v9+.yaml"
    text = profile.read_text()
    for old, new in EDITS:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    profile.write_text(text)
