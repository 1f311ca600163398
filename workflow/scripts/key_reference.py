"""Write the tables of config/README.md from the schema of the configuration and its defaults.

`make config-docs` calls it; a test fails where the tables are stale.
"""

import argparse
from pathlib import Path

import yaml

from tms.config.key_reference import document
from tms.io import cli


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    folder = Path("config")
    parser.add_argument("--schema", type=Path, default=folder / "schemas" / "config.schema.yaml")
    parser.add_argument("--config", type=Path, default=folder / "config.yaml", help="file with the defaults")
    parser.add_argument("--readme", type=Path, default=folder / "README.md", help="file with the tables")
    return parser


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    schema, config = (yaml.safe_load(path.read_text()) for path in (args.schema, args.config))
    args.readme.write_text(document(args.readme.read_text(), schema, config))
    print(args.readme)


if __name__ == "__main__":
    cli.run(main, parser())
