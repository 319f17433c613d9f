"""The sections of params.yaml, a module each, with documented defaults."""
