"""Table 8 as a file of its own."""

from tms.io import json_file
from tms.io.checksum import checksum

TABLE = "method,calculate\nTMS,0.5\n"


def write_index(folder, files, **checksums):
    json_file.write(folder / "index.json", [{"name": "table8", "files": files, "checksums": checksums}])


def test_the_table_is_handed_over(program, tmp_path):
    (tmp_path / "tables").mkdir()
    write_index(tmp_path / "tables", [])
    words = ["--tables", "tables", "--output", "pilots.csv"]
    done = program("pilots", *words)
    assert done.returncode == 2 and done.stderr.splitlines() == [
        "error: tables/table8.csv: no such table; index.json beside it says why"
    ]
    (tmp_path / "tables" / "table8.csv").write_text(TABLE)
    write_index(tmp_path / "tables", ["table8.csv"], **{"table8.csv": checksum(TABLE.encode())})
    assert program("pilots", *words).returncode == 0
    assert (tmp_path / "pilots.csv").read_text() == TABLE
    (tmp_path / "tables" / "table8.csv").write_text(TABLE.replace("0.5", "0.7"))
    done = program("pilots", *words)
    assert done.returncode == 2 and done.stderr.splitlines() == [
        "error: tables/table8.csv: its checksum does not agree: it was changed; "
        "delete the folder and draw again"
    ]
