"""Tests of stages/reviewing."""
