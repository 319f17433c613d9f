"""What a run would do and cost, known before it starts."""
