"""The tests: they mirror `understudy/` and `stages/`, and nothing in them needs the internet."""
