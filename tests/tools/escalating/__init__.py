"""Tests of understudy/tools/escalating/."""
