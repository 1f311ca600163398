"""Names that readers see."""

import pytest

from tms.config.suite import Suite
from tms.experiments import labels


@pytest.mark.parametrize(
    ("name", "printed"),
    [("math500", "MATH-500"), ("my_task", "my task"), ("math+my_task", "MATH + my task")],
)
def test_benchmarks_and_joint_targets(name, printed):
    assert labels.benchmark(name) == printed


def test_quantities_of_a_joint_suite():
    suite = Suite(["math+gsm8k"], ["arc_c"])
    assert labels.quantity("gsm8k.loose", suite) == "GSM8K loose"
    assert labels.quantity("versus_sft.math", suite) == "MATH, difference from SFT"


@pytest.mark.parametrize(("names", "said"), [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")])
def test_names_in_a_sentence(names, said):
    assert labels.listed(names) == said
