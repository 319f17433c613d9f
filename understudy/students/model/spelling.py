"""Counts texts with something that a tokenizer cannot spell: students neither read nor write it.

T5's knows no { } < ~ and makes a space of a line break; byte-level ones, as BART's, spell all.
"""

import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

SHARE = 0.01
"""Share of the texts from which on a loss is worth a warning."""
SHOWN = 8
"""Characters that a message names."""
Loss = Literal["unknown", "line_breaks", "changed"]
LOSSES: Mapping[Loss, str] = {
    "unknown": "have characters that the tokenizer does not know",
    "line_breaks": "lose their line breaks",
    "changed": "have characters that the tokenizer replaces",
}
CARRIER = "a"
"""A letter before and after a character, so that nothing is lost for being at an end."""


class Spelling:
    """What was lost in the texts of one kind, such as articles."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._losses: dict[str, Loss | None] = {}
        self.texts = 0
        self.counts: Counter[Loss] = Counter()
        """Texts with such a loss."""
        self.characters: Counter[str] = Counter()
        """Texts in which a character is lost; line breaks are not among them."""

    def add(self, text: str, encoding: Any) -> None:
        """Counts a text, up to where it is cut.

        Args:
            text: as it was encoded, prefix included.
            encoding: of `tokenizers`.
        """
        self.texts += 1
        if encoding.overflowing:
            text = text[: max(end for _, end in encoding.offsets)]
        letters = set(unicodedata.normalize("NFC", text))  # é is one, however it is written
        losses = {character: self._find_loss(character) for character in letters}
        found = {loss for loss in losses.values() if loss is not None}
        if self._tokenizer.unk_token_id in encoding.ids:
            found.add("unknown")  # whole words too, in a vocabulary of words
        self.counts.update(found)
        lost = (c for c, loss in losses.items() if loss in ("unknown", "changed"))
        self.characters.update(lost)

    def _find_loss(self, character: str) -> Loss | None:
        if character not in self._losses:
            self._losses[character] = self._spell(character)
        return self._losses[character]

    def _spell(self, character: str) -> Loss | None:
        text = unicodedata.normalize("NFC", f"{CARRIER}{character}{CARRIER}")
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        unknown = self._tokenizer.unk_token_id in ids
        spelled = self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        ).strip()
        if not unknown and unicodedata.normalize("NFC", spelled) == text:
            return None
        if len(text.splitlines()) > 1:
            return "line_breaks"
        if unknown:
            return "unknown"
        # Other spaces, and marks without a width, may well become a space or nothing.
        return None if unicodedata.category(character) in ("Zs", "Cc", "Cf") else "changed"

    def list_characters(self) -> str:
        """The characters that the most texts lose, separated by spaces."""
        ordered = sorted(self.characters, key=lambda c: (-self.characters[c], c))
        return " ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in ordered[:SHOWN])

    def to_json(self) -> dict[str, int | str]:
        """As `LostTexts` in understudy/contract/trained.py."""
        counts: dict[str, int | str] = {loss: self.counts[loss] for loss in LOSSES}
        return {**counts, "characters": self.list_characters()}


def describe_losses(kind: str, texts: int, lost: Mapping[str, Any]) -> list[str]:
    """A phrase for each loss in more than 1% of the texts.

    Args:
        kind: articles, or highlights.
        texts: how many there are.
        lost: as `Spelling.to_json` tells.
    """
    shown = f" ({lost['characters']})" if lost["characters"] else ""
    return [
        f"{lost[loss]:,} of {texts:,} {kind} {phrase}{shown if loss != 'line_breaks' else ''}"
        for loss, phrase in LOSSES.items()
        if lost[loss] > SHARE * texts
    ]


def warn_of_losses(label: str, phrases: Sequence[str]) -> None:
    """Says on stderr, in one line, what is lost and what to do about it, if anything is."""
    if phrases:
        print(
            f"warning: {label}: {', '.join(phrases)}: the student neither reads nor writes them; "
            "spell them otherwise in the data, or train one whose tokenizer has them, as BART's",
            file=sys.stderr,
        )
