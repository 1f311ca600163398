"""The kinds of faults: what each does, where it is tried, and what may follow."""

from collections.abc import Callable
from dataclasses import dataclass

from helpers import slurm_node

from torture import faults, undisturbed
from torture.scene import Scene


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Args:
        disturb: does it; whether it hit.
        words: of the page.
        stages: those that it is tried on; none: all.
        told: remedies that messages may ask for beside the plain command.
        damages: whether what it does is told in one line that names a file.
        stops: whether a hit stops the disturbed command, which then says so in such a line.
        paid_twice: whether rows may be generated twice, by two writers at the same moment.
        needs: why it cannot be done on this machine, by this user; empty where it can.
    """

    disturb: Callable[[Scene], bool]
    words: str
    stages: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    damages: bool = False
    stops: bool = False
    paid_twice: bool = False
    needs: Callable[[], str] = str


LOCK = ("--unlock", "kill")
GRADES = ("filter_teacher", "build_mixture", "grade", "train_on_policy")
KEEPS = (*undisturbed.GENERATES, "train_sft", "train_student", "train_on_policy")
KINDS = {
    "kill_worker": Kind(faults.kill_worker, "`kill -9` of a job's program"),
    "kill_engine": Kind(faults.kill_engine, "`kill -9` of a process that the program started", GRADES),
    "kill_snakemake": Kind(faults.kill_snakemake, "`kill -9` of Snakemake alone", told=LOCK),
    "term_worker": Kind(faults.term_worker, "SIGTERM to a job's program"),
    "term_snakemake": Kind(faults.term_snakemake, "SIGTERM to Snakemake alone"),
    "interrupt_twice": Kind(faults.interrupt_twice, "Ctrl-C twice"),
    "stop_worker": Kind(faults.stop_worker, "SIGSTOP for 15 s"),
    "full_disk": Kind(faults.full_disk, "a full disk", damages=True, stops=True, needs=faults.small_disk),
    "flip_bit": Kind(faults.flip_bit, "a flipped bit", told=("delete",), damages=True),
    "cut_file": Kind(faults.cut_file, "a cut file", told=("delete",), damages=True),
    "delete_file": Kind(faults.delete_file, "a deleted file", told=("delete",), damages=True),
    "damage_leftover": Kind(
        faults.damage_leftover, "a damage of what a killed job had stored", KEEPS, ("delete",), damages=True
    ),
    "read_only": Kind(faults.read_only, "a read-only folder", damages=True, stops=True),
    "two_in_one_folder": Kind(faults.two_in_one_folder, "two Snakemakes in one folder"),
    "two_sharing_rows": Kind(
        faults.two_sharing_rows, "two Snakemakes that share rows", undisturbed.GENERATES, paid_twice=True
    ),
    "kill_node": Kind(faults.kill_node, "a killed SLURM node", KEEPS, needs=slurm_node.missing),
    "clock_step": Kind(faults.clock_step, "a clock step"),
    "out_of_memory": Kind(faults.out_of_memory, "out of memory"),
}
