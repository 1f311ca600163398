"""A SLURM for the tests, installed where it is missing."""

import shutil

import pytest
from helpers import slurm_node

PACKAGES = ["munge", "slurmctld", "slurmd", "slurm-client"]


@pytest.fixture(scope="session")
def slurm():
    """Install SLURM where it is missing, start it, and stop it after the tests."""
    run = slurm_node.run
    if (why := slurm_node.missing()).startswith("SLURM is not installed"):
        if not shutil.which("apt-get"):
            pytest.skip("SLURM is installed with apt-get, which is not here")
        done = run("apt-get", "install", "-y", "--no-install-recommends", *PACKAGES)
        if done.returncode:  # an old list of packages
            run("apt-get", "update")
            done = run("apt-get", "install", "-y", "--no-install-recommends", *PACKAGES)
        if done.returncode:
            pytest.skip(f"apt-get cannot install SLURM: {(done.stderr.splitlines() or ['?'])[-1]}")
        why = slurm_node.missing()
    if why:
        pytest.skip(why)
    with slurm_node.one_node():
        yield
