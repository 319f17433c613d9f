"""Scores: ROUGE as an `evaluate` metric, intervals, baselines and tables."""
