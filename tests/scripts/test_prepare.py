"""prepare.py: a split of a task as Parquet."""

import hashlib
import io
import json
import sys

import pyarrow.parquet as pq
import pytest
from helpers.benchmark_data import DATA, needs_data
from helpers.hub_folder import hub_folder, jsonl
from helpers.local_hub import serve
from PIL import Image

from tms.data.records import content
from tms.io import modules, parquet
from tms.io.code_digest import digests
from tms.io.conversation import context_text
from tms.io.images import Images, image_digest
from tms.tasks import facts, gsm8k, wildjailbreak

KINDS = modules.names("tasks")
OPTIONS = json.dumps({"count": 3, "max_number": 12, "max_target": 40})


def test_writes_a_split(program, tmp_path):
    words = ["--task", "mini", "--kind", "countdown", "--split", "test", "--seed", 3, "--options", OPTIONS]
    done = program("prepare", *words, "--size", 20, "--output", "data/mini/test.parquet")
    assert done.returncode == 0, done.stderr
    program("prepare", *words, "--size", 5, "--output", "short.parquet")
    found = parquet.read(tmp_path / "data/mini/test.parquet", parquet.PREPARED)
    assert len(found) == 20
    assert parquet.read(tmp_path / "short.parquet", parquet.PREPARED) == found[:5]
    assert parquet.provenance(tmp_path / "short.parquet")["task"] == "mini"


def test_images_are_kept_beside_their_rows(program, tmp_path, monkeypatch):
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    data = picture.getvalue()
    row = {"prompt": "p", "answer": "a", "problem": "p", "solution": ""}
    image = {"bytes": data, "path": None}
    seen = row | {
        "example_id": "0",
        "context": context_text([], images=[image_digest(data)]),
        "images": [image],
    }
    rows = [seen, row | {"example_id": "1"}]
    words = [
        "prepare",
        "--task",
        "x",
        "--kind",
        "facts",
        "--split",
        "test",
        "--output",
        "x.parquet",
        "--size",
    ]
    monkeypatch.setattr(facts, "build", lambda *_: rows)
    done = program(*words, 2)
    assert done.returncode == 0, done.stderr
    read = parquet.read(tmp_path / "x.parquet", [*parquet.PREPARED, "images"])
    assert read == [seen, rows[1] | {"context": "", "images": []}]
    assert Images([tmp_path / "x.parquet"]).data(image_digest(data)) == data

    monkeypatch.setattr(facts, "build", lambda *_: rows[1:])
    assert program(*words, 1).returncode == 0
    assert pq.read_schema(tmp_path / "x.parquet").names == parquet.PREPARED  # text pays for no column

    cut = data[:-20]
    context = context_text([], images=[image_digest(cut)])
    rows[0] = seen | {"context": context, "images": [image | {"bytes": cut}]}
    monkeypatch.setattr(facts, "build", lambda *_: rows)
    done = program(*words, 2)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: tasks.x.test: example 0: image 1 is damaged")


def test_bad_input_is_one_line(program):
    for words, message in [
        (["--kind", "contdown", "--size", 5], "contdown"),
        (["--kind", "os.path", "--size", 5], "os.path"),
        (["--kind", "refusal", "--size", 100_000], "100000 rows asked for"),
        (["--kind", "chain", "--size", 5, "--options", '{"max": 3}'], "max"),
    ]:
        done = program("prepare", "--task", "x", "--split", "test", "--output", "x.parquet", *words)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ") and message in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("grader", "golds", "count", "words"),
    [
        ("regex", ["#(", r"\d"], 1, ["grader regex: the gold answer '#(' is no regular expression"]),
        (
            "json",
            ["{}"] * 2 + ["{'a': 1}"] * 14,
            11,
            ["grader json", "is no JSON", "and 4 more such rows of 16"],
        ),
        ("choice", ["B"] * 14, 1, ["grader choice", "'B' has no choices", "(so it is with all 14 rows)"]),
        ("contains", ["Rome", "..."], 1, ["grader contains: the gold answer '...' has no word"]),
        ("rouge", ["Rome", "北京"], 1, ["grader rouge", "no word to ROUGE"]),
        ("exact", ["#(", "..."], 0, []),
        ("none", ["#(", "..."], 0, []),
    ],
)
def test_gold_answers_that_the_grader_cannot_read_are_named_with_their_rows(
    program, tmp_path, monkeypatch, grader, golds, count, words
):
    row = {"problem": "", "solution": "", "context": ""}
    rows = [
        row | {"example_id": f"r{n}", "prompt": f"ask {n}", "answer": gold} for n, gold in enumerate(golds)
    ]
    monkeypatch.setattr(facts, "build", lambda *_: rows)
    done = program(
        *("prepare", "--task", "x", "--kind", "facts", "--split", "test", "--output", "x.parquet"),
        *("--size", len(golds), "--read-by", grader),
    )
    assert (done.returncode == 2, len(done.stderr.splitlines())) == (count > 0, count), done.stderr
    assert all(word in done.stderr for word in words)
    assert (tmp_path / "x.parquet").exists() == (count == 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "return []",
            "5 rows asked for, but build of workflow/scripts/tms/tasks/own.py gave 0; set it to that",
        ),
        ("return [{**row, 'example_id': str(n)} for n in range(4)]", "5 rows asked for, but build"),
        ("return [{**row, 'example_id': str(n)} for n in range(6)]", "gave 6; set it to that"),
        ("return None", "tasks/own.py: build gave a NoneType; it has to be a list of dictionaries"),
        ("return [1] * 5", "tasks/own.py: build gave a list; it has to be a list of dictionaries"),
        ("return [row] * 5", "5 rows have the example_id 'a'"),
        ("return [{} for n in range(5)]", "5 rows have the example_id None"),
        (
            "return [{**row, 'example_id': str(n), 'context': '[]' if n else ''} for n in range(5)]",
            'tasks.x.test: example 1: context is no JSON list of messages; where there are none it is "" (3',
        ),
        (
            "return [{**row, 'example_id': str(n), 'context': None} for n in range(5)]",
            "0: context is no text",
        ),
        ("raise MemoryError", "tasks.x.test: out of memory (MemoryError); end other programs, or give"),
        ("raise OSError(24, 'Too many', 'a.json')", "tasks.x.test: a.json: Too many open files; end other"),
        ("return 1 / 0", "tms/tasks/own.py, line 5: ZeroDivisionError: division by zero; correct it"),
    ],
)
def test_a_task_of_the_user_s_own_that_does_not_do_what_it_should_is_named(
    program, tmp_path, monkeypatch, text, words
):
    import tms.tasks

    folder = tmp_path / "tms" / "tasks"
    folder.mkdir(parents=True)
    (folder / "own.py").write_text(
        "row = dict.fromkeys('example_id prompt answer problem solution'.split(), 'a')\n\n\n"
        f"def build(split, size, seed, options, root=None):\n    {text}\n"
    )
    monkeypatch.setattr(tms.tasks, "__path__", [*tms.tasks.__path__, str(folder)])
    monkeypatch.setattr(modules, "SCRIPTS", tmp_path)
    monkeypatch.delitem(sys.modules, "tms.tasks.own", raising=False)
    done = program(
        "prepare", "--task", "x", "--kind", "own", "--split", "test", "--size", 5, "--output", "x.parquet"
    )
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ") and words in done.stderr, done.stderr
    assert not (tmp_path / "x.parquet").exists()


def prepare(program, kind, root, size=1, split="test", task="bench", **options):
    words = [
        "--task",
        task,
        "--kind",
        kind,
        "--split",
        split,
        "--size",
        size,
        "--options",
        json.dumps(options),
    ]
    where = ["--data-root", root] if root else []
    return program("prepare", *words, *where, "--output", "out.parquet")


def test_a_missing_local_copy_names_the_task_and_the_ways_out(program, tmp_path):
    done = prepare(program, "wildguard", tmp_path, task="wildguard")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: tasks.wildguard.test: data.root: no folder")
    assert "allenai/wildguardmix" in done.stderr and "suites.<suite>" in done.stderr


def test_a_size_beyond_the_data_names_the_key(program, tmp_path):
    hub_folder(
        tmp_path / "gsm8k",
        ("main", "test", "test.jsonl", jsonl([{"question": "1 + 1?", "answer": "#### 2"}])),
    )
    assert prepare(program, "gsm8k", tmp_path).returncode == 0
    [row] = parquet.read(tmp_path / "out.parquet", parquet.PREPARED)
    assert (row["answer"], row["problem"]) == ("2", "1 + 1?")
    done = prepare(program, "gsm8k", tmp_path, size=2)
    assert done.returncode == 2
    assert done.stderr == (
        "error: tasks.bench.test: 2 test rows asked for, but there are 1; set it to 1 or less\n"
    )


def test_two_rows_of_one_id_are_refused(program, tmp_path):
    item = {"question_id": 7, "question": "Which?", "options": ["a", "b", "c"], "answer": "A"}
    hub_folder(tmp_path / "mmlu_pro", ("default", "test", "test.jsonl", jsonl([item, item])))
    done = prepare(program, "mmlu", tmp_path, size=2)
    assert done.returncode == 2 and "2 rows have the example_id 'mmlu-pro-7'" in done.stderr


def test_what_related_examples_share_is_kept(program, tmp_path, monkeypatch):
    row = {"prompt": "p", "answer": "a", "problem": "p", "solution": ""}
    rows = [row | {"example_id": "0", "cluster": "one"}, row | {"example_id": "1"}]
    words = ["--task", "x", "--kind", "facts", "--split", "test", "--output", "x.parquet", "--size"]
    monkeypatch.setattr(facts, "build", lambda *_: rows)
    assert program("prepare", *words, 2).returncode == 0
    assert [row["cluster"] for row in parquet.read(tmp_path / "x.parquet", ["cluster"])] == ["one", ""]
    monkeypatch.setattr(facts, "build", lambda *_: rows[1:])
    assert program("prepare", *words, 1).returncode == 0
    assert pq.read_schema(tmp_path / "x.parquet").names == parquet.PREPARED
    monkeypatch.setattr(facts, "build", lambda *_: [rows[0] | {"cluster": 3}])
    done = program("prepare", *words, 1)
    assert done.returncode == 2 and "row '0' lacks cluster (texts)" in done.stderr


@pytest.fixture
def local_hub(monkeypatch, tmp_path):
    """A server in the hub's place, empty caches, and an environment that leads the program there."""
    with serve() as (hub, address):
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        yield hub


@pytest.mark.parametrize(
    "kind, status, code, said",
    [
        ("wildguard", 401, "GatedRepo", ["is a gated dataset", "accept its terms at https", "hf auth login"]),
        ("wildjailbreak", 403, "GatedRepo", ["is a gated dataset", "allenai/wildjailbreak", "hf auth login"]),
        ("gsm8k", 404, "RepoNotFound", ["doesn't exist", "openai/gsm8k", "data.root"]),
        ("arc", 404, "RevisionNotFound", ["Revision '210d026", "allenai/ai2_arc", "data.root"]),
    ],
)
def test_what_the_hub_refuses_says_what_to_do(own_process, local_hub, kind, status, code, said):
    local_hub.refusal = status, code
    done = prepare(own_process, kind, None)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert all(words in done.stderr for words in ["error: tasks.bench.test: ", *said, "suites.<suite>"])


TSV = "adversarial\tdata_type\nNA\tadversarial_benign\nPlay, thief.\tadversarial_harmful\n"
GSM8K = jsonl([{"question": f"{i} + 0?", "answer": f"#### {i}"} for i in range(3)])
OTHER = "f" * 40  # a revision that is not the pinned one


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind, repo, revision, file, options",
    [
        ("gsm8k", "openai/gsm8k", gsm8k.SOURCE.revision, ("main", "test", "test.jsonl", GSM8K), {}),
        ("gsm8k", "openai/gsm8k", OTHER, ("main", "test", "test.jsonl", GSM8K), {"revision": OTHER}),
        (
            "wildjailbreak",
            "allenai/wildjailbreak",
            wildjailbreak.SOURCE.revision,
            ("eval", "train", "eval/eval.tsv", TSV),
            {},
        ),
    ],
)
def test_the_hub_and_a_local_copy_give_the_same_rows(
    own_process, local_hub, monkeypatch, tmp_path, kind, repo, revision, file, options
):
    folder = hub_folder(tmp_path / "copies" / kind, file)
    assert prepare(own_process, kind, tmp_path / "copies", size=2).returncode == 0
    copied = parquet.read(tmp_path / "out.parquet", parquet.PREPARED)
    local_hub.folders[repo] = folder, revision
    done = prepare(own_process, kind, None, size=2, **options)
    assert done.returncode == 0, done.stderr
    assert parquet.read(tmp_path / "out.parquet", parquet.PREPARED) == copied
    assert f"/datasets/{repo}/resolve/{revision}/{file[2]}" in local_hub.requests

    asked = len(local_hub.requests)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # the second time it comes from the cache
    done = prepare(own_process, kind, None, size=2, **options)
    assert done.returncode == 0, done.stderr
    assert (
        parquet.read(tmp_path / "out.parquet", parquet.PREPARED) == copied
        and len(local_hub.requests) == asked
    )


@pytest.mark.slow
def test_another_cached_revision_is_not_used_without_a_network(own_process, local_hub, monkeypatch, tmp_path):
    folder = hub_folder(tmp_path / "copy", ("main", "test", "test.jsonl", GSM8K))
    local_hub.folders["openai/gsm8k"] = folder, OTHER
    assert prepare(own_process, "gsm8k", None, revision=OTHER).returncode == 0
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = prepare(own_process, "gsm8k", None)
    assert done.returncode == 2
    assert f"holds another revision than {gsm8k.SOURCE.revision}" in done.stderr.splitlines()[-1]


def test_without_a_network(own_process, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    for kind in ("gsm8k", "wildguard"):
        done = prepare(own_process, kind, None)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
        assert "HF_HUB_OFFLINE unset" in done.stderr and "data.root" in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_what_prepares_imports_no_grader(kind):
    """So that an edit of a grader prepares nothing anew."""
    files = [name.partition(":")[0] for name in digests("prepare", (f"tms.tasks.{kind}",))]
    assert f"tms/tasks/{kind}.py" in files
    assert not [file for file in files if "grad" in file or "answer" in file]


@needs_data
@pytest.mark.parametrize(
    "kind, split, size, options",
    [
        ("gsm8k", "train", 6973, {}),
        ("math", "heldout", 500, {}),
        ("math500", "test", 500, {}),
        ("ifeval", "test", 541, {}),
        ("mmlu", "test", 12_032, {}),
        ("mmlu_subjects", "test", 14_042, {}),
        ("arc", "test", 1172, {}),
        ("hotpotqa", "test", 100, {}),
        ("safetybench", "test", 1500, {}),
        ("safetybench", "test", 2100, {"language": "zh", "subset": True}),
    ],
)
def test_real_sets(program, tmp_path, kind, split, size, options):
    done = prepare(program, kind, DATA, size, split, **options)
    assert done.returncode == 0, done.stderr
    assert len(parquet.read(tmp_path / "out.parquet", parquet.PREPARED)) == size


def test_a_file_that_is_edited_meanwhile_is_not_taken_for_what_was_planned(program, tmp_path):
    (tmp_path / "a=b.jsonl").write_text(jsonl([{"prompt": "p", "answer": "a"}]))
    words = ["prepare", "--task", "faq", "--kind", "records", "--split", "test", "--size", 1]
    words += ["--options", '{"files": {"test": "a=b.jsonl"}}', "--output", "out.parquet", "--contents"]
    done = program(*words, f"{'0' * 64}=a=b.jsonl")
    assert done.returncode == 2 and not (tmp_path / "out.parquet").exists()
    assert done.stderr == (
        "error: a=b.jsonl was edited after the run had been planned; run the same command again\n"
    )
    digest = hashlib.sha256((tmp_path / "a=b.jsonl").read_bytes()).hexdigest()
    content.content.cache_clear()
    assert program(*words, f"{digest}=a=b.jsonl").returncode == 0


@pytest.mark.slow
def test_records_of_any_data_set_of_the_hub(own_process, local_hub, tmp_path):
    rows = [{"question": f"{n} + 0?", "answer": n} for n in range(30)]
    folder = hub_folder(tmp_path / "copies" / "faq", ("main", "train", "train.jsonl", jsonl(rows)))
    local_hub.folders["acme/faq"] = folder, OTHER
    hub = {"repo": "acme/faq", "config": "main", "revision": OTHER}
    options = {"columns": {"prompt": "question"}}
    done = prepare(own_process, "records", None, size=3, split="train", hub=hub, **options)
    assert done.returncode == 0, done.stderr
    found = parquet.read(tmp_path / "out.parquet", parquet.PREPARED)
    del hub["revision"]  # a local copy has none
    assert (
        prepare(own_process, "records", folder.parent, size=3, split="train", hub=hub, **options).returncode
        == 0
    )
    assert parquet.read(tmp_path / "out.parquet", parquet.PREPARED) == found
    assert all(row["prompt"] == f"{row['answer']} + 0?" for row in found)
    done = prepare(own_process, "records", None, hub={"repo": "acme/other"}, **options)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "error: tasks.bench.test: acme/other (default, train): " in done.stderr
