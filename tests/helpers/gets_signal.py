"""A program that gets a signal when it has saved its first state: `gets_signal.py NUMBER PROGRAM WORD ...`.

Of several processes only the first one does, since it alone completes a state.
"""

import os
import runpy
import sys
from pathlib import Path


def main(number: str, program: str, *words: str) -> None:
    """Run the program as if it had been called itself."""
    sys.path.insert(0, str(Path(program).parent))
    from tms.io import work_folder

    signals, complete_state = [int(number)], work_folder.complete_state

    def complete_and_stop(state: Path, record: dict) -> None:
        complete_state(state, record)
        if signals:
            os.kill(os.getpid(), signals.pop())

    work_folder.complete_state = complete_and_stop
    sys.argv = [program, *words]
    runpy.run_path(program, run_name="__main__")


main(*sys.argv[1:])
