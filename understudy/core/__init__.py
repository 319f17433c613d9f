"""What every part builds on: errors, params, files, the Hub. Knows nothing of the task."""
