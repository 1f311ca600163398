"""Variables of the environment with which programs would hang or not start are named."""

import os
import subprocess
import sys

import pytest
from helpers.paths import ROOT

from tms.io.errors import InputError
from tms.io.variables import check, check_launcher

LAUNCHED = {"TORCHELASTIC_RUN_ID": "none", "RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}


@pytest.mark.parametrize("environment", [{}, {"SLURM_PROCID": "0"}, {"PYTHONSAFEPATH": ""}, LAUNCHED])
def test_what_does_no_harm(environment):
    check(environment)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PYTHONSAFEPATH": "1"}, "unset PYTHONSAFEPATH"),
        ({"PYTHONSAFEPATH": "0"}, "unset PYTHONSAFEPATH"),  # Python takes any text
        ({"RANK": "0", "WORLD_SIZE": "2"}, "RANK=0, WORLD_SIZE=2: left.*unset RANK WORLD_SIZE"),
        ({"LOCAL_RANK": "3"}, "LOCAL_RANK=3: left.*unset LOCAL_RANK"),
    ],
)
def test_what_does_is_named(environment, message):
    with pytest.raises(InputError, match=message):
        check(environment)


def test_a_launched_program_keeps_them():
    check_launcher(LAUNCHED)


SNAKEMAKE = pytest.param([sys.executable, "-m", "snakemake", "--dry-run"], marks=pytest.mark.slow)


@pytest.mark.parametrize("command", [SNAKEMAKE, ["make", "help"]])
def test_the_workflow_does_not_start_with_them(command):
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.count("unset PYTHONSAFEPATH") == 1
