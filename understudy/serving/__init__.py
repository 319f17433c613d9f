"""Answers chat completions over HTTP with a student, as the chat model would be asked for them."""
