"""The LSTM: its vocabulary and its layers."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from understudy.contract.params.classifying import LstmRun
from understudy.core.errors import DataError
from understudy.students.model.fast import CONFIG, FILE, FastTokenizer

UNKNOWN, START = "[UNK]", "[CLS]"
NAMES = {"pad_token": "[PAD]", "unk_token": UNKNOWN, "cls_token": START}
LOWEST = -1e9


class Words(FastTokenizer):
    """Words in small letters; each text begins with [CLS], so that none is empty."""

    def save(self, folder: Path) -> None:
        """Writes the files that it is read from."""
        self._tokenizer.no_truncation()
        self._tokenizer.save(str(folder / FILE))
        (folder / CONFIG).write_text(json.dumps(NAMES), encoding="utf-8")


def train_words(texts: Iterable[str], most: int) -> Words:
    """Makes a vocabulary of the most frequent words that occur twice."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = [*NAMES.values()]
    trainer = trainers.WordLevelTrainer(
        vocab_size=most, min_frequency=2, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, special.index(START))]
    )
    return Words(tokenizer, NAMES)


def read_vectors(path: Path, vocabulary: dict[str, int]) -> torch.Tensor:
    """Vectors (words, numbers) of a vocabulary; words that the file lacks start at random.

    Raises:
        DataError: the file is absent, or a line is no word with as many numbers as the first.
    """
    found: dict[int, np.ndarray] = {}
    width = 0
    try:
        with path.open(encoding="utf-8") as file:
            for at, line in enumerate(file, start=1):
                word, *numbers = line.rstrip().split(" ")
                width = width or len(numbers)
                if len(numbers) != width or not numbers:
                    raise DataError(
                        f"{path}: line {at}: {len(numbers)} numbers, expected {width or 'some'}; "
                        "train-lstm.settings.word_vectors takes a word and its numbers a line"
                    )
                if word in vocabulary:
                    found[vocabulary[word]] = np.array(numbers, dtype=np.float32)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: no file of word vectors ({error}); correct train-lstm.settings.word_vectors"
        ) from None
    vectors = torch.randn(len(vocabulary), width) * 0.1
    for row, vector in found.items():
        vectors[row] = torch.from_numpy(vector)
    return vectors


class Lstm(nn.Module):  # type: ignore[misc]
    """Words, a bidirectional LSTM, the largest value of each state over the text, a label."""

    def __init__(self, vectors: torch.Tensor, labels: int, params: LstmRun) -> None:
        super().__init__()
        self.words = nn.Embedding.from_pretrained(vectors, freeze=False, padding_idx=0)
        self.lstm = nn.LSTM(vectors.shape[1], params.states, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(params.dropout)
        self.head = nn.Linear(2 * params.states, labels)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Scores (texts, labels) of token ids (texts, tokens)."""
        words, lengths = self.dropout(self.words(input_ids)), attention_mask.sum(1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(
            words, lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        states = states.masked_fill(attention_mask[..., None] == 0, LOWEST)
        return self.head(self.dropout(states.amax(1)))
