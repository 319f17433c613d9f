"""A student in the chat model's place: over HTTP, and when it may answer there."""
