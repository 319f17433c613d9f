"""Tests of understudy/tools/importing/."""
