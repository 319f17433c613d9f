"""Tests of the rooms that give every stage its rows."""
