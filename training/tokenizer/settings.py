"""Settings of tokenizers, and the presets that the published models use. Neither torch nor tokenizers here.

A preset gives every value, and values beside it change it: ``{preset: gpt_bert, vocab_size: 4096}``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: Facts from the repositories: LTG (ltg-bert, babylm/create_tokenizer), GPT-BERT (tokenizer_creation), BabyLlama
#: (cleaning_and_tokenization.ipynb), the multimodal baselines' Unigram, and the usual ones of GPT-2 and BERT.
PRESETS: dict[str, dict[str, Any]] = {
    "ltg_bert": {
        "kind": "wordpiece",
        "vocab_size": 16384,
        "min_frequency": 10,
        "split": "bytes_digits",
        "specials": ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "[PAR]", "[TAB]"),
        "unknown": "[UNK]",
        "begin": "[CLS]",
        "end": "[SEP]",
        "pad": "[PAD]",
        "mask": "[MASK]",
        "paragraph": "[PAR]",
        "template": "begin_end",
        "sentences": True,
    },
    "gpt_bert": {
        "kind": "byte_bpe",
        "vocab_size": 8192,
        "min_frequency": 2,
        "normalize": "nfkc_lines",
        "split": "case_aware",
        "longest_token": 24,
        "specials": ("<unk>", "<s>", "</s>", "<pad>", "<mask>", *(f"<special_{n}>" for n in range(11))),
        "unknown": "<unk>",
        "begin": "<s>",
        "end": "</s>",
        "pad": "<pad>",
        "mask": "<mask>",
        "template": "begin",
    },
    "babyllama": {
        "kind": "byte_bpe",
        "vocab_size": 16000,
        "min_frequency": 2,
        "normalize": "nfkc",
        "split": "bytes",
        "specials": ("<pad>", "<s>", "</s>"),
        "begin": "<s>",
        "end": "</s>",
        "pad": "<pad>",
        "template": "begin",
    },
    "gpt2": {
        "kind": "byte_bpe",
        "vocab_size": 16384,
        "min_frequency": 2,
        "split": "bytes",
        "specials": ("<pad>", "<s>", "</s>"),
        "begin": "<s>",
        "end": "</s>",
        "pad": "<pad>",
        "template": "begin",
    },
    "roberta": {
        "kind": "byte_bpe",
        "vocab_size": 16384,
        "min_frequency": 2,
        "split": "bytes",
        "specials": ("<s>", "<pad>", "</s>", "<unk>", "<mask>"),
        "unknown": "<unk>",
        "begin": "<s>",
        "end": "</s>",
        "pad": "<pad>",
        "mask": "<mask>",
        "template": "begin_end",
    },
    "bert": {
        "kind": "wordpiece",
        "vocab_size": 16384,
        "min_frequency": 2,
        "normalize": "bert_lower",
        "split": "words",
        "continuation": "##",
        "specials": ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
        "unknown": "[UNK]",
        "begin": "[CLS]",
        "end": "[SEP]",
        "pad": "[PAD]",
        "mask": "[MASK]",
        "template": "begin_end",
    },
    "unigram": {
        "kind": "unigram",
        "vocab_size": 16384,
        "min_frequency": 0,
        "normalize": "nmt_nfkc_lower",
        "split": "spaces",
        "specials": ("<pad>", "</s>", "<unk>", "<mask>", "<s>"),
        "unknown": "<unk>",
        "begin": "<s>",
        "end": "</s>",
        "pad": "<pad>",
        "mask": "<mask>",
        "template": "begin",
    },
}


class TokenizerSettings(BaseModel):
    """How text becomes tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)

    preset: Literal["ltg_bert", "gpt_bert", "babyllama", "gpt2", "roberta", "bert", "unigram"] | None = None
    """Take the values of a published tokenizer, but for those given here."""

    kind: Literal["byte_bpe", "wordpiece", "unigram"] = "byte_bpe"
    """Byte-level BPE, WordPiece, or Unigram."""

    vocab_size: Annotated[int, Field(ge=16)] = 8192
    """Tokens, specials included."""

    min_frequency: Annotated[int, Field(ge=0)] = 2
    """How often a pair (BPE) or a piece (WordPiece) must occur to become a token."""

    normalize: Literal["none", "nfkc", "nfkc_lines", "nmt_nfkc_lower", "bert_lower"] = "none"
    """What is done to text first; `nfkc_lines` is GPT-BERT's, with a space before each line."""

    split: Literal["bytes", "bytes_digits", "case_aware", "spaces", "words"] = "bytes"
    """Where no token reaches across: GPT-2's rule, the same and single digits, GPT-BERT's, at spaces, BERT's."""

    longest_token: Annotated[int | None, Field(ge=1)] = None
    """The longest token that BPE makes, in characters (a byte is one); none sets no limit."""

    continuation: str = ""
    """What WordPiece puts before a piece that goes on a word."""

    specials: tuple[str, ...] = ("<unk>", "<s>", "</s>", "<pad>", "<mask>")
    """Special tokens in the order of their ids, from 0."""

    unknown: str | None = None
    """The special for what the vocabulary lacks."""

    begin: str | None = "<s>"
    """The special that starts a text."""

    end: str | None = "</s>"
    """The special that ends a text."""

    pad: str | None = "<pad>"
    """The special that fills up a row."""

    mask: str | None = None
    """The special that hides a token."""

    paragraph: str | None = None
    """The special at the end of each line, if there is one (LTG-BERT)."""

    template: Literal["none", "begin", "begin_end"] = "begin"
    """Specials that the tokenizer puts around a text when it is used on its own, after training."""

    sentences: bool = False
    """Tokenize sentence by sentence and remember where each starts (LTG-BERT)."""

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("preset") in PRESETS:
            return PRESETS[data["preset"]] | data
        return data

    @model_validator(mode="after")
    def _specials_are_listed(self) -> TokenizerSettings:
        for role in ("unknown", "begin", "end", "pad", "mask", "paragraph"):
            token = getattr(self, role)
            if token is not None and token not in self.specials:
                raise ValueError(f"{role} {token!r} is not among specials {list(self.specials)}")
        for token in self.specials:
            if not (set(token) & set("<>[]{}|") and any(character.isalnum() for character in token)):
                # Pre-tokenizers set signs and letters apart, so such a token can come of no text.
                raise ValueError(f"special {token!r} could be a word of the text: write it like <{token.strip('<>')}>")
        if len(set(self.specials)) < len(self.specials):
            raise ValueError("a special is listed twice")
        if self.kind != "byte_bpe" and self.unknown is None:
            raise ValueError(f"{self.kind} needs an `unknown` special")
        alphabet = 256 if self.split in {"bytes", "bytes_digits", "case_aware"} else 0
        if self.vocab_size <= len(self.specials) + alphabet:
            raise ValueError(f"vocab_size {self.vocab_size} leaves no room beside the specials and the 256 bytes")
        return self
