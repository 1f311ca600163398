"""A process group of one process, for a part that is not launched as several."""

import os
import socket


def join() -> None:
    """Say in the environment that this process is alone in its group, unless it was launched in one."""
    if "RANK" in os.environ:
        return
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))  # a port that nothing listens on
        port = one.getsockname()[1]
    os.environ |= {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
