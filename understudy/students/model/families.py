"""Model families behind one interface: everything that differs between T5 and BART."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

WIDTH = 128
ENCODER_LAYERS, DECODER_LAYERS = 1, 2
"""A second layer in the encoder makes summaries no better, and takes a fourth of the time."""
HEADS = 4
POSITIONS = 1024
CLASSIFY = "classify: "
"""What precedes a text instead of the prefix of a summary, in families that have one."""


@dataclass(frozen=True)
class Family:
    """An architecture that a student can have."""

    name: Literal["t5", "bart"]
    """Also the `model_type` of its configs."""
    prefix: str
    """Precedes each article, since T5 was trained on several tasks at once."""
    special_tokens: tuple[str, ...]
    """Those of a tiny tokenizer, in the order of their ids."""
    pad: str
    bos: str | None
    eos: str
    cross_attention: tuple[str, str]
    """Suffixes of the parameters of the decoder's value and output projections over the article."""
    tiny_config: Callable[[int], Any]
    """Configuration of a tiny model, given the size of its vocabulary."""
    complete_config: Callable[[Any], None]
    """Restores in a config what CTranslate2's converter reads and transformers 5 does not keep."""


def _tiny_t5(vocabulary: int) -> Any:
    from transformers import T5Config

    return T5Config(
        vocab_size=vocabulary,
        d_model=WIDTH,
        d_kv=WIDTH // HEADS,
        d_ff=4 * WIDTH,
        num_layers=ENCODER_LAYERS,
        num_decoder_layers=DECODER_LAYERS,
        num_heads=HEADS,
        dropout_rate=0.0,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )


def _tiny_bart(vocabulary: int) -> Any:
    from transformers import BartConfig

    return BartConfig(
        vocab_size=vocabulary,
        d_model=WIDTH,
        encoder_layers=ENCODER_LAYERS,
        decoder_layers=DECODER_LAYERS,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=4 * WIDTH,
        decoder_ffn_dim=4 * WIDTH,
        max_position_embeddings=POSITIONS,
        dropout=0.0,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
        forced_eos_token_id=2,
    )


def _complete_t5(config: Any) -> None:
    # The converter scales the last hidden state of models with tied embeddings. transformers 5
    # calls the embeddings of T5 v1.1 and flan-T5 tied too, and says elsewhere whether to scale.
    config.tie_word_embeddings = getattr(config, "scale_decoder_outputs", True)


def _complete_bart(config: Any) -> None:
    config.normalize_before = getattr(config, "normalize_before", False)


FAMILIES = {
    "t5": Family(
        name="t5",
        prefix="summarize: ",
        special_tokens=("<pad>", "</s>", "<unk>"),
        pad="<pad>",
        bos=None,
        eos="</s>",
        cross_attention=("EncDecAttention.v.weight", "EncDecAttention.o.weight"),
        tiny_config=_tiny_t5,
        complete_config=_complete_t5,
    ),
    "bart": Family(
        name="bart",
        prefix="",
        special_tokens=("<s>", "<pad>", "</s>", "<unk>", "<mask>"),
        pad="<pad>",
        bos="<s>",
        eos="</s>",
        cross_attention=("encoder_attn.v_proj.weight", "encoder_attn.out_proj.weight"),
        tiny_config=_tiny_bart,
        complete_config=_complete_bart,
    ),
}


def as_classifier(family: Family) -> Family:
    """The same family for texts that are not to be summarized, but to be named a class of."""
    return replace(family, prefix=family.prefix and CLASSIFY)
