"""Tests of understudy/logs/."""
