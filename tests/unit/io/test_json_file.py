"""Damaged JSON is a line with the remedy, and no flipped bit is read as another number."""

import json

import pytest

from tms.io import cost, json_file
from tms.io.errors import InputError

CONTENT = {"score": 0.725, "n": 1319, "also": {"strict": 0.5}, "name": "GSM8K, größer"}


@pytest.fixture
def file(tmp_path):
    json_file.write(tmp_path / "folder" / "x.json", CONTENT)
    return tmp_path / "folder" / "x.json"


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("content", [CONTENT, {}])
def test_what_is_written_is_read_by_us_and_by_others(tmp_path, content, ascii_only):
    path = tmp_path / "x.json"
    json_file.write(path, content, ensure_ascii=ascii_only)
    assert json_file.read(path) == json.loads(path.read_text(encoding="utf-8")) == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.json"]


def test_every_flipped_bit_is_noticed_or_changes_nothing(file):
    """A flip within the checksum may leave a file as one without; then the value is whole."""
    whole = file.read_bytes()
    for bit in range(8 * len(whole)):
        file.write_bytes(whole[: bit // 8] + bytes([whole[bit // 8] ^ 1 << bit % 8]) + whole[bit // 8 + 1 :])
        try:
            assert json_file.read(file) == CONTENT
            assert bit // 8 >= len(whole) - 34
        except InputError as error:
            assert str(error).startswith(f"{file}: not a readable JSON file (")
            assert str(error).endswith("); delete it and run again") and "\n" not in str(error)


def test_every_cut_is_noticed_or_changes_nothing(file):
    whole = file.read_bytes()
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        try:
            assert json_file.read(file) == CONTENT and size >= len(whole) - 34
        except InputError as error:
            assert "x.json: not a readable JSON file (" in str(error)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"null", "null where a JSON object belongs"),
        (b"[]", r"\[\] where a JSON object belongs"),
        (b"3.5", "3.5 where a JSON object belongs"),
        (b'"x"', "where a JSON object belongs"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b'{"score": 0.', "Expecting|Extra|Unterminated"),
        (b'{"score": "\xff"}', "not UTF-8"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b"[" * 100_000, "recursion"),
        (b'{"n": 1' + b"0" * 5000 + b"}", "digits"),
    ],
)
def test_what_is_no_object_is_told(file, data, told):
    file.write_bytes(data)
    with pytest.raises(
        InputError, match=rf"x\.json: not a readable score file \(.*({told}).*\); make it again$"
    ):
        json_file.read(file, "score file", "make it again")


def test_files_without_a_checksum_are_read(file):
    """From before, or edited by hand: an editor may take the white space away."""
    file.write_text(json.dumps(CONTENT, indent=2))
    assert json_file.read(file) == CONTENT


def test_keys_and_their_types_are_checked(file):
    assert json_file.read(file, keys={"n": int, "score": int | float, "name": object}) == CONTENT
    for keys, told in (({"m": int}, "no m"), ({"name": int}, r"name is \"GSM8K")):
        with pytest.raises(InputError, match=rf"x\.json: not a readable JSON file \({told}"):
            json_file.read(file, keys=keys)


def test_lists(tmp_path):
    path = tmp_path / "x.json"
    json_file.write(path, [1.5, 2])
    assert json_file.read_list(path, of=int | float) == [1.5, 2]
    with pytest.raises(InputError, match=r"not a readable JSON file \(an entry is 1\.5\)"):
        json_file.read_list(path)
    json_file.write(path, {})
    with pytest.raises(InputError, match=r"\{\} where a JSON list belongs"):
        json_file.read_list(path)


def test_a_missing_file_and_a_folder_in_its_place_are_told(tmp_path):
    with pytest.raises(InputError, match=r"x\.json: no such file; run the stage that makes it"):
        json_file.read(tmp_path / "x.json")
    with pytest.raises(InputError, match="Is a directory"):
        json_file.read(tmp_path)


@pytest.mark.parametrize("change", [{"rollouts": "3"}, {"rollouts": None}, {"more": 1}])
def test_a_cost_of_other_keys_is_told(tmp_path, change):
    path = tmp_path / "cost.json"
    json_file.write(path, vars(cost.Cost(rollouts=3)) | change)
    with pytest.raises(InputError, match=r"cost\.json: not a readable cost file \(.*(rollouts|more)"):
        cost.read(path)
