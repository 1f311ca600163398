"""The command-line flags that name a suite's benchmarks."""

import argparse

from tms.config.suite import Suite
from tms.io import cli


def add(parser: argparse.ArgumentParser) -> None:
    """Add the flags to a program's parser."""
    parser.add_argument("--targets", nargs="+", required=True, help="target tasks, in column order")
    parser.add_argument(
        "--views", nargs="*", default=[], metavar="NAME=TARGET", help="benchmarks that belong to a target"
    )
    parser.add_argument("--retention", nargs="+", required=True, help="retention benchmarks, in column order")
    parser.add_argument("--safety", nargs="*", default=[], help="more of them, in the extended score alone")
    parser.add_argument("--reported", nargs="*", default=[], help="benchmarks that are in no average")


def suite(args: argparse.Namespace) -> Suite:
    """The suite that the flags name."""
    return Suite(args.targets, args.retention, cli.parse_pairs(args.views), args.safety, args.reported)
