"""Measure held-out Policy-Label Divergence at a run's checkpoints, and KL between its end and the base."""

import argparse
import gc
import math
import os
import sys
import time
from pathlib import Path

from tms.config.suite import GENERAL
from tms.data import general
from tms.generation import flags as generation_flags
from tms.generation.generate import Request, generate_missing, open_model
from tms.generation.sampling import Sampling
from tms.io import cli, cost, json_file, parent, parquet, provenance
from tms.io.errors import InputError
from tms.io.images import Images
from tms.metrics.loss_drift import add_drift
from tms.model_folder.whole import open_weights
from tms.training.encoder import Encoder

HELDOUT = "heldout"  # name of the prompt set that belongs to the target task


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--model", type=Path, required=True, help="folder of the trained model (pi)")
    add("--base", type=Path, required=True, help="folder of theta_0 (pi_0)")
    add(
        "--heldout-references",
        type=Path,
        required=True,
        help="verified answers to held-out prompts (pld_ref)",
    )
    add("--task", required=True, help="target task of the run, written to column `benchmark`")
    add("--train-references", type=Path, help="verified training answers, whose divergence is measured too")
    add("--train-rows", type=int, default=0, help="first so many of them (0: all)")
    add("--heldout-mixture", type=Path, help="the method's own supervision on held-out prompts (pld_own)")
    add("--longest-target", type=int, default=math.inf, help="its tokens above which training masks a row")
    add(
        "--trajectory", nargs="*", default=[], metavar="POINT=DIR", help="checkpoints whose drift is measured"
    )
    add("--prompts", nargs="*", default=[], metavar="NAME=PATH", help="prompt sets on which KL is measured")
    add(
        "--answers", nargs="*", default=[], metavar="NAME=PATH", help="prompts whose own answers' loss counts"
    )
    add("--limits", nargs="*", default=[], metavar="NAME=N", help="first so many rows of these, else all")
    add("--general", type=Path, help="folder of general prompts and passages, measured too")
    add("--kl-prompts", type=int, default=128, help="first so many prompts of each set (0: no KL)")
    add("--kl-samples", type=int, default=1, help="samples of each of them, from either model")
    add("--max-new-tokens", nargs="+", required=True, metavar="N|NAME=N", help="longest sample for KL")
    generation_flags.add_engine(flags)
    generation_flags.add_simulator(flags)
    cli.add_images(flags)
    add(
        "--samples-only", type=int, metavar="PARENT", help="draw its samples into the cache; end when it ends"
    )
    add("--output", type=Path, required=True, help="what was measured (JSON)")
    add("--samples", type=Path, required=True, help="the samples with the KL of each (Parquet)")
    add("--cost", type=Path, required=True, help="what it cost (JSON)")
    return flags


def sample(args: argparse.Namespace) -> dict[str, list[dict]]:
    """Draw the samples for KL from pi and pi_0 at temperature 1; column `prompts` names their set."""
    sets, paths = {}, cli.parse_pairs(args.prompts)
    longest = generation_flags.longest(args, [*paths, *([GENERAL] if args.general else [])])
    for name, path in paths.items():
        task = args.task if name == HELDOUT else name
        sets[name] = parquet.read(Path(path), parquet.EXAMPLES, benchmark=task)[: args.kl_prompts]
    images = Images(args.images)
    models = {"policy": open_model(args.model, images=images), "base": open_model(args.base, images=images)}
    if args.general:
        chat = models["base"].chat
        prompts = general.read_prompts(args.general)[: args.kl_prompts]
        sets[GENERAL] = general.with_room(prompts, chat.prompt_ids, longest[GENERAL], chat.context_length)
    for name, examples in sets.items():
        if not examples:
            raise InputError(f"--prompts {name}: no prompts there; prepare the task with a size above 0")
    wanted = [
        {"benchmark": name, **example, "split": "heldout" if name == HELDOUT else "test"}
        | {"checkpoint": "", "sample": number, "prompts": name}
        for name, examples in sets.items()
        for example in examples
        for number in range(args.kl_samples)
    ]
    limits = sorted(set(longest.values()))
    rows = {most: [row for row in wanted if longest[row["prompts"]] == most] for most in limits}
    requests = [
        Request(model, Sampling(max_new_tokens=most), args.seed, rows[most], f"drift: samples of {who}")
        for who, model in models.items()
        for most in limits
    ]
    simulator = generation_flags.simulator(args)
    done = generate_missing(requests, generation_flags.engine(args), args.cache, simulator)
    del simulator
    gc.collect()  # frees the engines' models before two others are loaded
    return {"policy": done[: len(wanted)], "base": done[len(wanted) :]}


def texts_beside(args: argparse.Namespace, encoder: Encoder) -> dict:
    """Texts, beside the target's, on which losses are measured: general passages, and prompts' answers."""
    from tms.metrics.drift import encode_answers, encode_passages

    texts = {}
    if args.general:
        texts[GENERAL] = encode_passages(general.read_passages(args.general), encoder)
    paths = cli.parse_pairs(args.answers)
    limits = generation_flags.per_benchmark(args.limits, "--limits", list(paths))
    for name, path in paths.items():
        rows = parquet.read(Path(path), parquet.PREPARED)[: limits.get(name)]
        answered = [row | {"completion": row["solution"]} for row in rows if row["solution"]]
        if answered:
            texts[name] = encode_answers(answered, encoder)
    return texts


def sample_apart() -> None:
    """Draw the samples into the completion cache, in a process that takes vLLM's memory along when it ends.

    vLLM fills the cards with its cache, and gives not all of it back while its process lives; two 8B models
    in bfloat16 would then find no room.
    """
    parent.run_child([sys.executable, *sys.argv, "--samples-only", str(os.getpid())])


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    if args.samples_only is not None:
        parent.end_with(args.samples_only)
    trajectory = {point: Path(folder) for point, folder in cli.parse_pairs(args.trajectory).items()}
    for folder in (args.model, args.base, *trajectory.values()):
        open_weights(folder)
    references = parquet.read_references(args.heldout_references)
    mixture = parquet.read(args.heldout_mixture, parquet.MIXTURE) if args.heldout_mixture else []
    if args.samples_only is not None:
        sample(args)
        return

    # Imported here, after the checks that need none of it.
    import torch

    from tms.metrics.drift import (
        encode_answers,
        encode_supervision,
        kl_both_ways,
        losses_along,
        policy_label_divergence,
        text_loss,
    )
    from tms.metrics.floor import divergence_floor
    from tms.metrics.policy import load_policy

    torch.set_num_threads(args.threads)
    prompted = bool(args.kl_prompts and (args.prompts or args.general))
    if args.engine == "vllm" and prompted:
        sample_apart()
    samples = sample(args) if prompted else {}
    drawn = cost.of_completions([row for done in samples.values() for row in done])
    sampled = time.monotonic()

    encoder = Encoder(args.base, Images(args.images))
    labels, texts = encode_answers(references, encoder), texts_beside(args, encoder)
    train_references = parquet.read_references(args.train_references) if args.train_references else []
    train_sequences = encode_answers(train_references[: args.train_rows or None], encoder).sequences
    images = encoder.chat.images
    model = load_policy(args.model, images=images)
    at_end = {"": text_loss(model, labels, "pld_ref")}
    measured = {"pld_ref": at_end[""].means}
    if args.heldout_mixture:
        sequences, masked = encode_supervision(mixture, encoder, args.longest_target)
        if sequences:
            measured["pld_own"] = policy_label_divergence(model, sequences, "pld_own") | {"masked": masked}
        else:
            told = f"warning: {args.heldout_mixture}: all {masked} targets are masked"
            print(f"{told}; pld_own is not measured", file=sys.stderr)
    at_end |= {name: text_loss(model, text, f"loss on {name}") for name, text in texts.items()}
    del model
    all_texts = {"": labels} | texts
    losses, train = losses_along(trajectory, args.model, at_end, all_texts, train_sequences, images)
    measured["trajectory"] = add_drift(losses.pop(""))
    if train:
        measured["train_trajectory"] = train
    if losses:
        measured["loss"] = losses
    if samples:
        measured["kl"] = kl_both_ways(args.model, args.base, encoder, samples)
    sets = {"": labels.sequences} | {name: text.sequences for name, text in texts.items()}
    floors = divergence_floor(args.model, args.base, sets, images=images)
    measured["floor"] = floors.pop("") | floors
    written = [row | {"source": who} for who, drawn in samples.items() for row in drawn]
    parquet.write(args.samples, parquet.DRIFT_SAMPLES, written, provenance.facts("drift"))
    json_file.write(args.output, measured)
    # Rows that were stored count with the seconds that they took when they were drawn.
    forward = round(time.monotonic() - sampled, 3)
    cost.write(args.cost, drawn + cost.Cost(seconds=forward))


if __name__ == "__main__":
    cli.run(main, parser())
