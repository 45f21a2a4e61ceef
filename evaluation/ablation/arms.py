"""The arms before training: each has a corpus, audited under the same rules, or a reason why it takes no part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.core.errors import CurateError, OutputError
from curation.core.events import Event, Warned
from evaluation.ablation.audits import Auditor, worst_of
from evaluation.ablation.corpora import ArmCorpus, corpus_of
from evaluation.ablation.errors import AblationError
from evaluation.ablation.events import CorpusReady
from evaluation.ablation.heldout import compare_lengths
from evaluation.ablation.matching import durations
from evaluation.ablation.settings import Ablation


@dataclass(frozen=True)
class Arms:
    """What the arms train on.

    Attributes:
        corpora: of the base and of all arms that take part: the first draw of each.
        draws: (arm, seed) to the corpus of that draw.
        lengths: of the same ones: the duration of a run, as a change of the recipe.
        audits: of the same arms, the worst of their draws.
        refused: arm to the reason why it takes no part: its corpus cannot be built or trained on, or breaks the rules.
    """

    corpora: Mapping[str, ArmCorpus]
    draws: Mapping[tuple[str, int], ArmCorpus]
    lengths: Mapping[tuple[str, int], str]
    audits: Mapping[str, Mapping[str, Any]]
    refused: Mapping[str, str]


def different(draws: Mapping[tuple[str, int], ArmCorpus], arm: str) -> int:
    """Return how many corpora an arm has: draws are one corpus where nothing is drawn at random."""
    return len({corpus.digest for (name, _), corpus in draws.items() if name == arm})


def make_arms(
    ablation: Ablation,
    file: Path,
    out: Path,
    cache: Path,
    heldout: Mapping[str, Path],
    listen: Callable[[Event], None],
) -> Arms:
    """Build and audit the corpora, the base's first; an arm that fails does not stop the others.

    Args:
        ablation: names the arms.
        file: its file: paths in it are relative to its folder.
        out: gets manifests, corpora and the lines of held-out text that are looked for.
        cache: stages of builds that are done are kept here, with tokenizers and tokens.
        heldout: domain to text.
        listen: is told of each corpus, and warned.

    Raises:
        CurateError: the base fails.
        OutputError: nothing can be written.
        AblationError: no arm is left.
    """
    corpora: dict[str, ArmCorpus] = {}
    draws: dict[tuple[str, int], ArmCorpus] = {}
    lengths: dict[tuple[str, int], str] = {}
    audits: dict[str, Mapping[str, Any]] = {}
    refused: dict[str, str] = {}
    auditor = Auditor(ablation.rules, heldout, out / "heldout", listen)
    for name in ablation.all_arms:
        drawn: dict[tuple[str, int], ArmCorpus] = {}
        audited = []
        try:
            for draw in ablation.draws:
                corpus = corpus_of(name, draw, ablation, file, out, cache)
                audited.append(auditor.audit(name, corpus))
                drawn[name, draw] = corpus
            of_arm = durations(ablation, file, drawn, heldout, cache)
        except OutputError:
            raise
        except CurateError as error:
            if name == "base":
                raise
            refused[name] = str(error)
            listen(Warned(f"{name} takes no part: {error}"))
            continue
        draws |= drawn
        lengths |= of_arm
        corpora[name] = first = drawn[name, ablation.draws[0]]
        audits[name] = worst_of(audited)
        same = name != "base" and first.digest == corpora["base"].digest
        count = different(drawn, name)
        listen(CorpusReady(name, first.words, first.digest, count, same))
        if count < len(drawn):
            listen(Warned(f"{name}: {len(drawn)} draws are {count} corpora: its manifest draws little at random"))
        if name == "base":
            compare_lengths(heldout, corpora, listen)
    if len(corpora) == 1:
        reasons = "".join(f"\n{name}: {reason}" for name, reason in refused.items())
        raise AblationError(f"no arm is left to compare with the base:{reasons}", where=str(file))
    return Arms(corpora, draws, lengths, audits, refused)
