"""Tests of understudy/texts."""
