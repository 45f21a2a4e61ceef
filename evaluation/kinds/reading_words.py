"""The words of the reading task: contexts, given numbers, and how long people looked at them.

Columns of ``reading_data.csv`` (babylm/evaluation-pipeline-2025; de Varda et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.kinds.partial import Floats
from evaluation.kinds.single_file import number
from evaluation.kinds.word_surprisal import Pair

EYES = ("RTfirstfix", "RTfirstpass", "RTgopast", "RTrightbound")
SELF_PACED = "self_paced_reading_time"
#: Brain potentials: regressed like the others where the file has them, and in no score.
POTENTIALS = ("ELAN", "LAN", "N400", "P600", "EPNP", "PNP")
GIVEN = ("Subtlex_log10", "length", "context_length")
SPILLOVER = "prev_length"
#: pandas, which the official code reads with, takes these for no value; a sentence of the data begins with "None".
_NO_VALUE = {"", "None"}
#: What the task reads.
COLUMNS = ("item", "word", "sentence", "sent_id", "prev_item", "prev_word", *GIVEN, SPILLOVER, *EYES, SELF_PACED)


@dataclass(frozen=True)
class Words:
    """The words that people read.

    Attributes:
        ids: their numbers in the file.
        official: context and word, as the official code takes them.
        honest: the same, as the sentence has them.
        official_before: context and word of the word before; None where the official code finds none.
        honest_before: the same, None where there is none.
        sentences: which sentence each word is of.
        columns: numbers by column, NaN where the file has none.
    """

    ids: list[int]
    official: list[Pair]
    honest: list[Pair]
    official_before: list[Pair | None]
    honest_before: list[Pair | None]
    sentences: list[str]
    columns: dict[str, Floats]

    @classmethod
    def read(cls, rows: Sequence[dict[str, str]], asked: Sequence[int], where: str) -> Words:
        """Take some rows.

        Raises:
            DataError: a number is none.
        """
        words = cls(list(asked), [], [], [], [], [rows[at]["sent_id"] for at in asked], {})
        for at in asked:
            row = rows[at]
            place = int(number(row, "context_length", f"{where}, row {at}"))
            before = (row["prev_item"], row["prev_word"])
            words.official.append((row["item"] or "None", row["word"]))
            words.honest.append((row["item"] or " ".join(row["sentence"].split()[:place]), row["word"]))
            words.official_before.append(None if before[0] in _NO_VALUE else before)
            words.honest_before.append(before if before[0] else None)
        for name in (*GIVEN, SPILLOVER, *EYES, SELF_PACED, *POTENTIALS):
            if name in rows[0]:
                words.columns[name] = np.array([number(rows[at], name, f"{where}, row {at}") for at in asked])
        return words
