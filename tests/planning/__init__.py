"""Tests of stages/planning."""
