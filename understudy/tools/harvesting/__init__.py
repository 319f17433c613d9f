"""Makes inputs for label out of served requests."""
