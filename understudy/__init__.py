"""Understudy: a small model stands in for a large chat model on one text task."""
