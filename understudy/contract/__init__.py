"""What one part writes and another reads: a typed model for each file, with its path."""
