"""Tests of stages/datacards."""
