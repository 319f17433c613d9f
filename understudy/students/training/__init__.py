"""From pairs of texts to a student's weights: fast, resumable, on any number of devices."""
