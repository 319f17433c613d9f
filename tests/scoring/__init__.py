"""Tests of understudy/scoring."""
