"""Tests of the files that one part writes and another reads."""
