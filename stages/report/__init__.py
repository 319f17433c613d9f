"""The report: one HTML file that shows what the other stages have found."""
