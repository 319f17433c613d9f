"""Pairs of an article and its highlights: their columns, and where each source keeps them."""

from pathlib import Path

PAIR_COLUMNS = ("id", "article", "highlights")
SPLITS = ("train", "validation", "test")
RAW = Path("data/raw")
GOLD = Path("data/gold")
WRITTEN = Path("data/written")
