"""Hands requests of a running server over to the teacher, each answer paid for once."""
