"""cards: a model card for each student."""
