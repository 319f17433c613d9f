"""What a person runs; no stage needs it."""
