"""Images as runs of negative ids in a prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms.vision.image_ids import BITS, Run, image_number, image_run, image_runs, with_placeholders

NUMBERS = st.integers(1, 2**BITS - 1)
PARTS = st.lists(st.one_of(st.integers(0, 99), st.tuples(NUMBERS, st.integers(1, 5))), max_size=8)


@given(PARTS)
def test_images_are_found_where_they_were_put(parts):
    ids, runs = [], []
    for part in parts:
        if isinstance(part, tuple):
            runs.append(Run(len(ids), len(ids) + part[1], part[0]))
        ids += image_run(*part) if isinstance(part, tuple) else [part]
    assert image_runs(ids) == runs
    short = [part if isinstance(part, int) else 7 for part in parts]
    assert with_placeholders(ids, 7) == short


@given(NUMBERS)
def test_ids_fit_into_the_integers_of_tensors(number):
    assert min(image_run(number, 3)) >= -(2**63)


@pytest.mark.parametrize("ids", [[-1, 3], [3, -1], [-5, 3, -1]])
def test_ids_that_were_cut_within_an_image_are_refused(ids):
    with pytest.raises(ValueError, match="begins before"):
        image_runs(ids)


def test_the_number_tells_images_and_settings_apart():
    one = image_number("ab", {"max_pixels": 9})
    assert one == image_number("ab", {"max_pixels": 9}) and 1 <= one < 2**BITS
    assert len({one, image_number("ac", {"max_pixels": 9}), image_number("ab", {"max_pixels": 8})}) == 3
