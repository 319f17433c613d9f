"""What `make review` compares and tells."""
