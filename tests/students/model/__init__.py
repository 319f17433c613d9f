"""Tests of understudy/students/model."""
