"""Makes answers and inputs out of what other programs have logged."""
