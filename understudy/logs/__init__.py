"""Reads logs of chat-completion calls that other programs have written."""
