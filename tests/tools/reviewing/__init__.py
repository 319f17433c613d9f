"""Tests of understudy/tools/reviewing."""
