"""What `make review` compares and shows."""
