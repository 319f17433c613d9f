"""Serves a student in the chat model's place."""
