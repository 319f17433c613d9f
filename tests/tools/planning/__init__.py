"""Tests of understudy/tools/planning."""
