"""Tests of stages/texts."""
