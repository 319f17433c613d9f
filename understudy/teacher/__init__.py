"""Talking to a chat model: settings, prompts, ledger, client, and the embedded teacher."""
