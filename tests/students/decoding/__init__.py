"""Tests of a trained student at work."""
