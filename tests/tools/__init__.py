"""Tests of understudy/tools."""
