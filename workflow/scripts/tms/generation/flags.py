"""Flags of every generating program, with the sampling settings, engine and provenance made of them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tms.generation.engines.batch_rows import SIMULATOR_BUDGET
from tms.generation.engines.create import create_engine
from tms.generation.engines.interface import ENGINES, MEMORY_SHARE, Engine
from tms.generation.generate import ModelFolder, open_model
from tms.generation.sampling import Sampling
from tms.generation.simulator import Simulator
from tms.io import cli, cost, interrupts, parquet, provenance, variables
from tms.io.errors import InputError


def add(flags: argparse.ArgumentParser) -> None:
    """Add the flags for sampling, engine, cache and outputs (each program adds its `--max-new-tokens`)."""
    option = flags.add_argument
    option("--temperature", type=float, default=1.0, help="divides the logits; 0 is greedy")
    option("--top-p", type=float, default=1.0, help="mass of the tokens that are kept; 1 keeps all")
    option("--top-k", type=int, default=0, help="number of tokens that are kept; 0 keeps all")
    add_engine(flags)
    option("--output", type=Path, required=True, help="completions (Parquet)")
    option("--cost", type=Path, required=True, help="what they cost (JSON)")


def add_engine(flags: argparse.ArgumentParser) -> None:
    """Add the flags for the engine, its seed and the completion cache."""
    option = flags.add_argument
    option("--seed", type=int, default=0, help="seed; part of every row's key")
    option("--engine", choices=ENGINES, default="transformers", help="program that generates")
    option("--tensor-parallel", type=int, default=1, help="GPUs that share one model (vllm)")
    option("--memory-share", type=float, default=MEMORY_SHARE, help="share of a GPU's memory to use (vllm)")
    option("--threads", type=int, required=True, help="CPU threads; results depend on it")
    option("--cache", type=Path, required=True, help="folder of the completion cache")


def add_simulator(flags: argparse.ArgumentParser) -> None:
    """Add the flags for the model that answers calls of simulated tools."""
    option = flags.add_argument
    option("--simulator", type=Path, help="folder of the model that answers calls of simulated tools")
    option("--simulator-max-new-tokens", type=int, default=512, help="its longest answer")
    option("--simulator-temperature", type=float, default=0.5, help="divides its logits; 0 is greedy")
    option("--simulator-seed", type=int, default=0, help="seed of its answers")


def simulator(args: argparse.Namespace) -> Simulator | None:
    """Make the simulator, on engine `transformers`; None where the command line names none.

    Raises:
        InputError: its folder is missing or truncated, a setting is out of range, or the engine is another.
    """
    if not args.simulator:
        return None
    if args.engine != "transformers":
        raise InputError(
            f"--simulator: engine {args.engine} leaves no memory for its model; use --engine transformers"
        )
    settings = Sampling(args.simulator_temperature, max_new_tokens=args.simulator_max_new_tokens)
    model, engine = open_model(args.simulator), create_engine("transformers", threads=args.threads)
    model.chat.check_roles(("user", "assistant", "user"))
    if settings.max_new_tokens >= model.chat.context_length:
        raise InputError(
            f"--simulator-max-new-tokens {settings.max_new_tokens}: {args.simulator} has a context of "
            f"{model.chat.context_length}, which leaves no room for a question"
        )
    if engine.device == "cuda":
        engine.budget = SIMULATOR_BUDGET
    return Simulator(model, engine, settings, args.simulator_seed, args.cache)


def whole_number(text: str, flag: str) -> int:
    """Read a positive whole number of a flag.

    Raises:
        InputError: it is none.
    """
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise InputError(f"{flag} {text!r}: give a positive whole number")
    return int(text)


def per_benchmark(values: list[str], flag: str, names: list[str]) -> dict[str, int]:
    """Read numbers given as `NAME=N`, or as one `N` that stands for all other benchmarks.

    Raises:
        InputError: a benchmark that is not among `names`, two defaults, or something other than a number.
    """
    named = cli.parse_pairs([value for value in values if "=" in value])
    defaults = [value for value in values if "=" not in value]
    if len(defaults) > 1:
        raise InputError(f"{flag} {' '.join(defaults)}: give one number for all, others as NAME=N")
    if unknown := [name for name in named if name not in names]:
        raise InputError(f"{flag} {unknown[0]}: no such benchmark; there are {', '.join(names)}")
    return {
        name: whole_number(value, flag)
        for name, value in {**dict.fromkeys(names, *defaults), **named}.items()
        if value is not None
    }


def longest(args: argparse.Namespace, names: list[str]) -> dict[str, int]:
    """Longest completion of each benchmark.

    Raises:
        InputError: one of `names` has none, or as of `per_benchmark`.
    """
    limits = per_benchmark(args.max_new_tokens, "--max-new-tokens", names)
    if without := [name for name in names if name not in limits]:
        raise InputError(
            f"--max-new-tokens: no number for {without[0]}; add {without[0]}=N or a number for all"
        )
    return limits


def sampling(args: argparse.Namespace, max_new_tokens: int) -> Sampling:
    """Sampling settings of the command line."""
    return Sampling(args.temperature, args.top_p, args.top_k, max_new_tokens)


def engine(args: argparse.Namespace) -> Engine:
    """Make the engine; it starts when it loads a model.

    Raises:
        InputError: vLLM is not installed, or variables of the environment with which it would hang.
    """
    interrupts.leave_on_sigterm()
    variables.check_launcher()
    return create_engine(args.engine, args.tensor_parallel, args.memory_share, args.threads)


def facts(models: list[ModelFolder], used: Engine, settings: dict | Sampling) -> dict:
    """Provenance of generated rows: digests of weights and chat templates, engine, sampling settings."""
    return model_facts(models) | {"engine": [used.name, used.version], "sampling": str(settings)}


def model_facts(models: Sequence[ModelFolder]) -> dict:
    """Provenance of the models alone: digests of weights and chat templates."""
    return {
        "weights": {str(model.folder): model.weights for model in models},
        "chat_templates": sorted({model.chat.template_digest for model in models}),
    }


def write(
    args: argparse.Namespace,
    stage: str,
    rows: list[dict],
    models: list[ModelFolder],
    used: Engine,
    settings: dict | Sampling,
    spent: cost.Cost | None = None,
    simulator: Simulator | None = None,
) -> None:
    """Write completions, with their provenance, and what they cost.

    Args:
        args, stage: of the program.
        rows: the completions.
        models, used, settings: that made them.
        spent: their cost, where it is not that of all of them.
        simulator: that answered their calls.
    """
    made = facts(models, used, settings)
    if simulator:
        made["simulator"] = facts([simulator.model], simulator.engine, simulator.sampling)
    parquet.write(args.output, parquet.COMPLETIONS, rows, provenance.facts(stage, **made))
    cost.write(args.cost, spent or cost.of_completions(rows))
