"""A student: its family, weights, tokens and the machine it runs on."""
