"""A suite that is a pilot of tools or images has such targets: else RQ11 or RQ12 would be about others."""

import copy

import pytest
from helpers.shipped_config import SHIPPED

from tms.config import study, tasks
from tms.config.check import check
from tms.io import modules
from tms.io.code_digest import digests
from tms.io.errors import InputError


def faults(suite, **changed):
    config = copy.deepcopy(SHIPPED)
    config["suites"][suite] |= changed
    with pytest.raises(InputError) as caught:
        check(study.expanded(config))
    return [line for line in str(caught.value).splitlines() if ".pilot: " in line]


@pytest.mark.parametrize("pilot", ["images", "tools"])
def test_targets_that_are_not_of_the_pilot_are_named(pilot):
    (line,) = faults("miniature", pilot=pilot)
    assert line.startswith(f"config: suites.miniature.pilot: {pilot}, but mini_countdown, chain has none")
    (line,) = faults("images", targets=["docvqa", {"mix": ["textvqa", "gsm8k"]}])
    assert line.startswith("config: suites.images.pilot: images, but gsm8k has none")


def test_a_suite_whose_targets_call_tools_says_so():
    suite = {name: value for name, value in SHIPPED["suites"]["tools"].items() if name != "pilot"}
    config = copy.deepcopy(SHIPPED)
    config["suites"]["tools"] = suite
    with pytest.raises(InputError, match=r"suites\.tools\.pilot: toolalpaca calls tools.*write pilot: tools"):
        check(config)


def test_the_kinds_with_tools_are_those_whose_code_writes_calls():
    naming = {
        kind
        for kind in modules.names("tasks")
        if any(file.startswith("tms/tool_use/calls.py:") for file in digests("show", (f"tms.tasks.{kind}",)))
    }
    assert not [file for file in digests("show") if file.startswith("tms/tool_use/calls.py:")]
    assert naming == set(tasks.TOOLS)
