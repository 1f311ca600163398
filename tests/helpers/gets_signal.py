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
    from tms.training.states import States

    signals, complete = [int(number)], States.complete

    def complete_and_stop(states: States, step: int, seconds: float) -> None:
        complete(states, step, seconds)
        if signals:
            os.kill(os.getpid(), signals.pop())

    States.complete = complete_and_stop
    sys.argv = [program, *words]
    runpy.run_path(program, run_name="__main__")


main(*sys.argv[1:])
