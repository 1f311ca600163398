"""A job whose log is empty since its disk is full: the screen says so in the job's place."""

from helpers.small_disk import fill, small_disk

from tms.status.failures import failure_lines
from tms.status.snakemake_files import Failure


def test_a_log_on_a_full_disk(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        log = disk / "prepare.log"
        log.touch()
        failure = Failure("prepare", "", [], [str(log)])
        before = failure_lines(failure, "error in prepare", fold=False)
        assert before == ["error in prepare", f"  {log} (empty)"]
        fill(disk)
        told = f"    {disk}: no space left on its disk; free some space there and run again"
        assert failure_lines(failure, "error in prepare", fold=False) == [*before, told]
