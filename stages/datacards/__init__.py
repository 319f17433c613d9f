"""What the pairs of a source are like, and the card that says so."""
