"""Folders of the project."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
CONFIG = ROOT / "config"
PAPER = ROOT / "workflow" / "resources" / "paper"
