"""Many files: found, shared out, summarized, taken up again."""
