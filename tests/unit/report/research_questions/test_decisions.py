"""From differences to verdicts, in closed forms and as properties."""

from helpers.verdict_cells import CONTRADICTED, INDISTINGUISHABLE, SUPPORTED
from hypothesis import given
from hypothesis import strategies as st

from tms.report.research_questions.contrasts import Contrast
from tms.report.research_questions.decisions import by_direction


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1)), min_size=1, max_size=6))
def test_turning_all_signs_turns_the_verdict(values):
    mirror = {SUPPORTED: CONTRADICTED, CONTRADICTED: SUPPORTED, INDISTINGUISHABLE: INDISTINGUISHABLE}
    own = [Contrast(value, -1, 1, p_value=p) for value, p in values]
    other = [Contrast(-value, -1, 1, p_value=p) for value, p in values]
    assert by_direction(other) == mirror[by_direction(own)]
