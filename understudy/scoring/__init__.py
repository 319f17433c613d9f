"""Scores: ROUGE as an `evaluate` metric, intervals, comparisons, and the effect of length."""
