"""The one adapter to DVC and Git: where state lies, what is committed, which stages are stale."""
