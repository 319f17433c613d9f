"""Tests of understudy/versioning."""
