"""Talking to a chat model: prompts, ledger, client, and the embedded teacher."""
