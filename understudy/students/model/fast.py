"""A saved tokenizer without transformers, whose import outlasts many a decoding.

Fast tokenizers of transformers are this library's with a wrapper around; `export` compares the two.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tokenizers import Encoding, Tokenizer

FILE, CONFIG = "tokenizer.json", "tokenizer_config.json"
SHORT = 16
"""Tokens at which a comparison cuts."""


class Encoded(dict[str, Any]):
    """Token ids under `input_ids`, as transformers has them."""

    def __init__(self, encodings: Sequence[Encoding], *, single: bool) -> None:
        ids = [encoding.ids for encoding in encodings]
        super().__init__(input_ids=ids[0] if single else ids)
        self.encodings = encodings


class FastTokenizer:
    """What decoding uses of transformers' interface."""

    def __init__(self, tokenizer: Tokenizer, settings: Mapping[str, Any]) -> None:
        """Takes the library's tokenizer, and what tokenizer_config.json says of it."""
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self.eos_token = _content(settings.get("eos_token"))
        self.unk_token = _content(settings.get("unk_token"))
        self.unk_token_id = self._tokenizer.token_to_id(self.unk_token or "")
        added = self._tokenizer.get_added_tokens_decoder().values()
        self.all_special_tokens = [token.content for token in added if token.special]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads the files that `save_pretrained` wrote.

        Raises:
            OSError: they are not there.
            ValueError: they are none.
        """
        settings = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        text = (folder / FILE).read_text(encoding="utf-8")
        try:
            return cls(Tokenizer.from_str(text), settings)
        except Exception as error:  # noqa: BLE001 - the library raises no narrower one
            raise ValueError(f"{FILE}: {error}") from None

    def __call__(
        self,
        text: str | list[str],
        truncation: bool = False,
        max_length: int | None = None,
        add_special_tokens: bool = True,
    ) -> Encoded:
        """Encodes a text, or a list of them."""
        if truncation and max_length is not None:
            self._tokenizer.enable_truncation(max_length)
        else:
            self._tokenizer.no_truncation()
        texts = [text] if isinstance(text, str) else text
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=add_special_tokens)
        return Encoded(encodings, single=isinstance(text, str))

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = False, **_: Any) -> str:
        """The text of token ids, with spaces as the tokenizer has them."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens))

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]:
        """The tokens of ids."""
        return [self._tokenizer.id_to_token(number) or "" for number in ids]

    def convert_tokens_to_ids(self, tokens: Sequence[str]) -> list[int]:
        """The ids of tokens; an unknown token's is that of `unk_token`."""
        found = (self._tokenizer.token_to_id(token) for token in tokens)
        unknown = self.unk_token_id or 0
        return [unknown if number is None else number for number in found]

    def get_vocab(self) -> dict[str, int]:
        """Every token's id."""
        return dict(self._tokenizer.get_vocab())


def equals(folder: Path, tokenizer: Any, texts: Sequence[str]) -> bool:
    """Tells whether the files in a folder encode and decode texts as transformers does."""
    if getattr(tokenizer, "clean_up_tokenization_spaces", False):
        return False
    try:
        fast = FastTokenizer.load(folder)
    except (OSError, ValueError):
        return False
    if (fast.eos_token, fast.unk_token_id) != (tokenizer.eos_token, tokenizer.unk_token_id):
        return False
    return all(_agree(fast, tokenizer, text) for text in texts)


def _agree(fast: FastTokenizer, tokenizer: Any, text: str) -> bool:
    ids = tokenizer(text)["input_ids"]
    tokens = tokenizer.convert_ids_to_tokens(ids)
    cut: dict[str, Any] = {"truncation": True, "max_length": SHORT}
    return bool(
        fast(text)["input_ids"] == ids
        and fast(text, **cut)["input_ids"] == tokenizer(text, **cut)["input_ids"]
        and fast.convert_ids_to_tokens(ids) == tokens
        and fast.convert_tokens_to_ids(tokens) == tokenizer.convert_tokens_to_ids(tokens)
        and fast.decode(ids, True) == tokenizer.decode(ids, skip_special_tokens=True)
    )


def _content(token: str | Mapping[str, Any] | None) -> str | None:
    """A special token, which the files spell as text or as an object."""
    return token["content"] if isinstance(token, Mapping) else token
