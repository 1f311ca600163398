"""A project folder in which a report is drawn from measured files alone."""

import pytest
import yaml

from tms.io.errors import InputError
from tms.planned_jobs.jobs import Job
from tms.units import drawing

FILE = "results/m/sft/t/seed0/grades.parquet"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with what the rules read, and an empty folder to draw in."""
    root, place = tmp_path / "project", tmp_path / "place"
    place.mkdir()
    for name in drawing.PROJECT[1:]:
        (root / name).mkdir(parents=True)
    (root / "Snakefile").touch()
    (root / "config").mkdir()
    (root / "config" / "config.yaml").write_text("of: the project")
    (root / "config" / "mine.yaml").touch()
    (root / "copy").write_text("grades")
    monkeypatch.chdir(root)
    return root, place


def test_measured_files_are_of_one_time_beside_a_configuration_of_their_own(project):
    root, place = project
    files = {FILE: root / "copy", "data/t/s/contamination.json": root / "copy"}
    drawing.lay_out(place, {"models": {"m": 1.0e-5}}, files)
    assert len({(place / path).stat().st_mtime_ns for path in files}) == 1
    assert (place / FILE).read_text() == "grades"
    assert yaml.safe_load((place / "config" / "config.yaml").read_text()) == {"models": {"m": 1.0e-5}}
    assert (root / "config" / "config.yaml").read_text() == "of: the project"
    assert (place / "config" / "mine.yaml").exists() and (place / "Snakefile").exists()


def test_nothing_is_trained_or_generated_for_a_report(project, monkeypatch):
    _, place = project
    started = []
    monkeypatch.setattr(drawing, "run_snakemake", lambda *words: started.append(words) or 0)
    jobs = [
        Job("train_sft", {}, [], ["x"]),
        Job("grade", {}, [], [FILE]),
        Job("aggregate", {}, [], ["t.csv"]),
    ]
    monkeypatch.setattr(drawing, "jobs_of", lambda *_: jobs)
    with pytest.raises(InputError, match=rf"^{FILE}: no unit holds it, and grade would have to make it"):
        drawing.draw(place, "m", "1")
    assert not started
    monkeypatch.setattr(drawing, "jobs_of", lambda *_: jobs[2:])
    drawing.draw(place, "m", "1")
    assert started == [(["results/m/report.html", "results/m/table.csv"], [], "1")]


def test_what_was_drawn_takes_the_place_of_what_was_there(project):
    root, place = project
    names = {"report.html", "table.csv", "answer.json", "choose.json", "summary.md"}
    kept = [f"m/{name}" for name in names]
    for path in ("tables/m/table3.md", "figures/m/frontier.svg", *kept):
        target = place / "results" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path)
    into = root / "docs" / "results" / "m"
    into.mkdir(parents=True)
    for name in ("old.md", "old.svg"):
        (into / name).touch()
    drawing.take_over(place, "m", into)
    found = {path.name for path in into.iterdir()}
    assert found == {"table3.md", "frontier.svg", *names}
