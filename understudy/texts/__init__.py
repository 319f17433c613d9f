"""What can be measured on texts without a model: words, copied fragments, near duplicates."""
