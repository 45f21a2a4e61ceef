"""How documents become rows: one class a layout, named as its file. No torch, no numba."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Layout(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)


class Stream(_Layout):
    """Documents one after the other, cut into rows of equal length: GPT-2, BabyLlama."""

    use: Literal["stream"] = "stream"
    """The layout."""

    shuffle: Literal["rows", "documents"] = "documents"
    """What an epoch puts in a new order: fixed rows, or documents before they are cut into rows."""

    begin: bool = False
    """Put the tokenizer's begin token before each document."""

    end: bool = True
    """Put the tokenizer's end token after each document."""

    separate: bool = False
    """Let a token see its own document only."""

    random_offset: bool = False
    """Shift each row by a random part of its length at each visit (BabyLlama); only with ``shuffle: rows``."""


class Padded(_Layout):
    """One segment of whole sentences a row, between begin and end tokens, with padding: LTG-BERT, ELC-BERT, BERT."""

    use: Literal["padded"] = "padded"
    """The layout."""

    short: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of rows that are cut to a random shorter length."""


class Packed(_Layout):
    """A begin token and a piece of a document, then further random pieces until the row is full: GPT-BERT."""

    use: Literal["packed"] = "packed"
    """The layout."""


LayoutSettings = Annotated[Stream | Padded | Packed, Field(discriminator="use")]
