"""Rows: from the embedded sample, the Hub or files, and which of them are kept."""
