"""Reading times: how much of them does the surprisal of words explain, beyond their frequency, length and place?

As babylm/evaluation-pipeline-2025 has it (``reading/run.py``; data of de Varda et al. 2023): least squares on
log-frequency, length, place and their interactions, once without and once with the model's surprisal. Eye tracking is
the mean of four measures; self-paced reading also has length and surprisal of the word before among what is given.

The value is from the surprisals of the official protocol, the honest one from those of words as they stand in the text
(``kinds/word_surprisal.py``). The error is that of sentences drawn anew: words of one sentence do not stand alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import seed_for
from evaluation.errors import DataError
from evaluation.events import TaskStarted
from evaluation.kinds.partial import Floats, Partial, design, draw_clusters, moments, partial, resampled
from evaluation.kinds.reading_words import COLUMNS, EYES, GIVEN, POTENTIALS, SELF_PACED, SPILLOVER, Words
from evaluation.kinds.single_file import facts_of, read_csv
from evaluation.kinds.word_surprisal import MASKS, Surprisals, in_pieces
from evaluation.result import Group, TaskResult
from evaluation.scorers.scorer import Scorer
from evaluation.task import Item, Outcome, Work


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A task of words with reading times.

    Attributes:
        name: the file's name.
        title: as a table shows it.
        years: of the challenge that have it.
        citation: paper and source of the data.
        file: of the data, in the official tree; the fast set has the same.
    """

    name: str
    title: str
    years: tuple[int, ...]
    citation: str
    file: str
    metric: str = field(default="delta_r2", init=False)

    def run(self, work: Work) -> Outcome:
        """Read, score, regress."""
        path = work.data.find(self.file, self.file.replace("full_eval", "fast_eval"), self.file.partition("/")[2])
        rows = read_csv(path, COLUMNS)
        items = [Item(str(at), row["sent_id"], ()) for at, row in enumerate(rows)]
        words = Words.read(rows, [int(item.uid) for item in work.sample(items)], str(path))
        facts = facts_of(self.file.rpartition("/")[0], path, len(rows), len(words.ids), work.limit)
        work.listen(TaskStarted(self.name, len(words.ids), "words"))

        honest = Surprisals(work.subject.scorer(), (*words.honest, *words.honest_before), task=self.name, work=work)
        own, own_before = honest.of(words.honest), honest.of(words.honest_before)
        warnings = honest.warnings()
        tokenizer = getattr(work.subject, "tokenizer", None)
        if tokenizer is not None:
            ruled = self._official(work, words, tokenizer)
            pred, before = ruled.of(words.official), ruled.of(words.official_before)
        else:
            warnings.append("it has no tokens of its own: the year's figure is that of words in their context")
            pred, before = own, own_before
        fits, official = regressions(words.columns, own, own_before), regressions(words.columns, pred, before)
        shown, by_rule = figures(fits), figures(official)
        errors = standard_errors(words, own, own_before, work.seed)
        parts = {
            name: {"value": by_rule[name], "honest": shown[name], "stderr": errors[name]}
            for name in ("eye_tracking", "self_paced_reading")
        }
        result = TaskResult(
            task=self.name,
            title=self.title,
            status="scored",
            metric=self.metric,
            value=by_rule["mean"],
            honest=shown["mean"],
            stderr=errors["mean"],
            items=len(words.ids),
            chance=0.0,
            floors={name: floor(words, scorer) for name, scorer in work.floors.items()},
            unknown_items=sum(pair in honest.unknown for pair in words.honest),
            groups={
                name: Group(value=part["value"], honest=part["honest"], items=len(words.ids), ties=0.0)
                for name, part in parts.items()
            },
            data=facts,
            warnings=tuple(warnings),
            details={
                **parts,
                "variables": {"official": tables(official), "honest": tables(fits)},
                "predictions": [
                    {"id": uid, "pred": float(p), "prev_pred": None if np.isnan(b) else float(b)}
                    for uid, p, b in zip(words.ids, pred, before, strict=True)
                ],
            },
        )
        return Outcome(result, self._rows(words, own, honest))

    def _official(self, work: Work, words: Words, tokenizer: Any) -> Surprisals:
        """Return the surprisals of the official protocol."""
        subject = work.subject
        masks = MASKS if subject.backend in {"mlm", "mntp"} else 0
        # There is one official way for encoder-decoders: the decoder's first token is what the last mask hides.
        scorer = subject.scorer("enc_dec_prefix") if subject.backend.startswith("enc_dec") else subject.scorer()
        journal = f"{self.name}-official"
        pairs = (*words.official, *words.official_before)
        found = Surprisals(scorer, pairs, lambda pair: in_pieces(tokenizer, pair, masks), task=journal, work=work)
        (work.folder / f"{journal}.journal").unlink(missing_ok=True)
        return found

    def _rows(self, words: Words, surprisals: Floats, scored: Surprisals) -> list[dict[str, Any]]:
        """Return one row a word; ``target`` is its self-paced reading time, ms."""
        return [
            {
                "task": self.name,
                "group": sentence,
                "uid": str(uid),
                "answer": pair[1],
                "unknown": pair in scored.unknown,
                "scores": [-float(value)],
                "tokens": [scored.tokens[pair]],
                "target": None if np.isnan(time) else float(time),
            }
            for uid, sentence, pair, value, time in zip(
                words.ids, words.sentences, words.honest, surprisals, words.columns[SELF_PACED], strict=True
            )
        ]


def regressions(columns: Mapping[str, Floats], own: Floats, before: Floats) -> dict[str, tuple[Partial, Partial]]:
    """Return what surprisal explains of each variable: beside what is given, and also beside the word before.

    Args:
        columns: numbers by name, ``[words]``.
        own: surprisal of each word, nats.
        before: surprisal of the word before, NaN where there is none.

    Raises:
        DataError: there are too few words.
    """
    found = {}
    for name in (*EYES, SELF_PACED, *(name for name in POTENTIALS if name in columns)):
        plain, spilled = (_chosen(columns, name, before, spillover=spillover) for spillover in (False, True))
        found[name] = (
            partial(plain[0], own[plain[1]], columns[name][plain[1]]),
            partial(spilled[0], own[spilled[1]], columns[name][spilled[1]]),
        )
    return found


def _chosen(
    columns: Mapping[str, Floats], name: str, before: Floats, *, spillover: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the base ``[n, k]`` of the words that have all numbers, and which those are, bool ``[words]``."""
    given = [columns[one] for one in GIVEN] + ([columns[SPILLOVER], before] if spillover else [])
    whole = np.isfinite(np.stack([*given, columns[name]]).sum(axis=0))
    terms = 1 + len(given) + len(given) * (len(given) - 1) // 2
    if whole.sum() < terms + 2:
        raise DataError(
            f"{int(whole.sum())} words for {terms + 1} coefficients: nothing is left to tell the error from",
            where=name,
            hint="ask more words: leave --limit away",
        )
    return design([column[whole] for column in given]), whole


def figures(fits: Mapping[str, tuple[Partial, Partial]]) -> dict[str, float]:
    """Return the two figures of the task, per cent of what the others leave, and their mean."""
    eyes = float(np.mean([fits[name][0].share for name in EYES]))
    paced = fits[SELF_PACED][1].share
    return {"eye_tracking": eyes, "self_paced_reading": paced, "mean": (eyes + paced) / 2}


def tables(fits: Mapping[str, tuple[Partial, Partial]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the regressions as plain data: variable, then ``alone`` or ``spillover``."""
    return {name: {"alone": asdict(alone), "spillover": asdict(spilled)} for name, (alone, spilled) in fits.items()}


def standard_errors(words: Words, own: Floats, before: Floats, seed: int) -> dict[str, float]:
    """Return the standard error of each figure over sentences drawn anew; the regressions are fitted each time."""
    sentences = {name: number for number, name in enumerate(dict.fromkeys(words.sentences))}
    clusters = np.array([sentences[name] for name in words.sentences])
    weights = draw_clusters(len(sentences), seed_for(seed, "reading"))
    shares = []
    for names, spillover in ((EYES, False), ((SELF_PACED,), True)):
        by_name = []
        for name in names:
            base, whole = _chosen(words.columns, name, before, spillover=spillover)
            sums = moments(base, own[whole], words.columns[name][whole], clusters[whole], len(sentences))
            by_name.append(resampled(sums, weights))
        shares.append(np.mean(by_name, axis=0))
    eyes, paced = shares
    drawn = {"eye_tracking": eyes, "self_paced_reading": paced, "mean": (eyes + paced) / 2}
    return {name: float(values.std(ddof=1)) for name, values in drawn.items()}


def floor(words: Words, scorer: Scorer) -> float:
    """Return the task's figure for a scorer without a model."""
    found = Surprisals(scorer, (*words.honest, *words.honest_before))
    return figures(regressions(words.columns, found.of(words.honest), found.of(words.honest_before)))["mean"]
