"""Tests of stages/calibrate."""
