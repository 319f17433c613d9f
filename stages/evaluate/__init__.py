"""The stage evaluate: scores of every system, and what they are worth."""
