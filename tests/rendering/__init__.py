"""Tests of understudy/rendering."""
