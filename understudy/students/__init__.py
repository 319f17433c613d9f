"""Small models: their families, training, decoding."""
