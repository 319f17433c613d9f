"""Tests of understudy/core."""
