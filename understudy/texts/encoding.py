"""Texts that UTF-8 cannot hold: they have surrogates, which are no characters."""


def is_utf8(text: str) -> bool:
    """False for text with surrogates, which stand for bytes or escapes that are no characters."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def to_utf8(text: str) -> str:
    """A text that UTF-8 can hold: halves of characters become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
