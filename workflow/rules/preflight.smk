"""Before the first job of a run: access to the hub, the environment of the jobs, disk."""

from tms.preflight import start


onstart:
    start.check(workflow, config, OFFLINE)
