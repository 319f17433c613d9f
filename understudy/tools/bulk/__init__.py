"""`understudy predict` over many files: found, shared out, summarized, recorded, taken up again."""
