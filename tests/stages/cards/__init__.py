"""Tests of stages/cards."""
