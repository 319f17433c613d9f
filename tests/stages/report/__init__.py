"""The report's parts, and the page in a real browser."""
