from types import SimpleNamespace

import pytest
from helpers import tiny_vision

from tms.io.images import Images

PICTURES = [
    [tiny_vision.picture(0)],
    [],
    [tiny_vision.picture(1, 24, 24), tiny_vision.picture(2, 8, 40)],
    [tiny_vision.picture(3, 100, 60)],
]


@pytest.fixture(scope="session")
def vl(tmp_path_factory):
    """A folder of Qwen2.5-VL."""
    return tiny_vision.write_vl(tmp_path_factory.mktemp("vl"))


@pytest.fixture(scope="session")
def omni(tmp_path_factory):
    """A folder of Qwen2.5-Omni."""
    return tiny_vision.write_omni(tmp_path_factory.mktemp("omni"))


@pytest.fixture(params=["vl", "omni"])
def folder(request):
    """A folder of each family."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def rows(tmp_path_factory):
    """Rows with an image, none, two, and one that is made smaller: `images`, and each row's `contexts`."""
    file = tmp_path_factory.mktemp("rows") / "prepared.parquet"
    contexts = tiny_vision.prepared(file, PICTURES)
    return SimpleNamespace(file=file, images=Images([file]), contexts=contexts, pictures=PICTURES)
