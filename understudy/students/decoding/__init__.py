"""A trained student at work: converted, checked, decoding."""
