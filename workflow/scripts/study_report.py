"""Draw tables, figures and the report of a study from its collected units alone: no model, no data.

`make real-report` calls it. Every method of a report has the same seeds, so a model of whose runs some are
missing gets a report of its most complete part, and tables of the others beside it.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tms.config import load
from tms.config.check import check
from tms.config.stages.tables import general_costs
from tms.config.study import expanded
from tms.config.units import Unit, units
from tms.io import cli
from tms.io.errors import InputError
from tms.report.document_tables import NOT_YET, document, tables
from tms.units import drawing, measured, pages, record
from tms.units.views import view_config, views


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = flags.add_argument
    add("--study", type=Path, default=Path("config/smollm2.yaml"), help="configuration file with `units`")
    add("--cores", default="all", help="cores of Snakemake")
    cli.add_configfile(flags, "the study, e.g. with data.root")
    return flags


def draw_model(
    written: dict,
    model: str,
    entries: list[Unit],
    files: dict[str, Path],
    complete: set,
    into: Path,
    cores: str,
) -> None:
    """Draw each view on a model; the first goes into the folder itself, the others into folders below it."""
    config = expanded(written)
    found = views(config, model, complete)
    if not found:
        raise InputError(f"models.{model}: no unit is complete; `make real-unit` with this STUDY lists them")
    for old in into.glob("seeds_*"):
        shutil.rmtree(old)
    for view in found:
        folder = into if view == found[0] else into / f"seeds_{'_'.join(map(str, view.seeds))}"
        own = view_config(written, view)
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            laid = {path: files[path] for path in measured.files_of(view, files)}
            drawing.lay_out(place, own, laid)
            drawing.draw(place, model, cores)
            drawing.take_over(place, model, folder)
            texts = pages.answer_tables(expanded(own), view, place / "results" / model)
        if view == found[0]:
            texts["contents"] = pages.contents_table(found, [run for unit in entries for run in unit.runs])
        for name, text in texts.items():
            (folder / f"{name}.md").write_text(text)
        print(f"{folder}: {', '.join(view.methods)}; seeds {', '.join(map(str, view.seeds))}")


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    configfiles = [args.study, *args.configfile]
    written = load.written(load.read_files(configfiles))
    check(expanded(written), {})
    entries, folder = units(expanded(written)), record.units_folder(args.study)
    read = {unit.name: record.read(folder / unit.name) for unit in entries}
    records = {name: found for name, found in read.items() if found}
    other: dict[str, str] = {}
    code: dict[str, list[str]] = {}
    faults: list[str] = []
    models = dict.fromkeys(unit.model for unit in entries if unit.name in records)
    if not models:
        raise InputError(f"{folder}: no unit is collected; `make real-unit STUDY={args.study}` lists them")
    into = folder.parent
    for model in models:
        jobs = measured.planned_jobs(model, configfiles)
        today, digests, files = record.planned_with(jobs), record.planned_code(jobs), {}
        own = [unit for unit in entries if unit.model == model]
        for unit in own:
            if unit.name not in records:
                continue
            code[unit.name] = record.other_code(records[unit.name], digests)
            if difference := record.other_settings(records[unit.name], today):
                other[unit.name] = difference
                print(f"{unit.name}: left out, made with other settings ({difference})", file=sys.stderr)
            else:
                files |= {name: folder / unit.name / name for name in records[unit.name]["files"]} | files
        needed = general_costs(expanded(written), model)
        complete = measured.complete_runs(model, measured.measured_files(jobs), files, needed)
        place = into if model == entries[0].model else into / model
        try:
            draw_model(written, model, own, files, complete, place, args.cores)
        except InputError as error:  # the other models' tables are drawn all the same
            faults.append(str(error))
    used = {name: found for name, found in records.items() if name not in other}
    trained = record.trained_otherwise(used)
    for line in trained:
        print(f"warning: {line}", file=sys.stderr)
    (into / "units.md").write_text(pages.units_table(entries, records, other, code, trained))
    (into / "stages.md").write_text(pages.stages_table(records))
    page = into.with_suffix(".md")
    if page.exists():
        page.write_text(document(page.read_text(), tables([], into, NOT_YET)))
        print(page)
    if faults:
        raise InputError("\n".join(faults))


if __name__ == "__main__":
    cli.run(main, parser())
