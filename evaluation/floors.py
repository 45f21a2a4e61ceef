"""The floors that stand on every report: what a task gives to scorers that know no grammar.

A model whose score is not above them has shown nothing. They cost seconds, so they are always there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluation.scorers.frequency import FrequencyScorer
from evaluation.scorers.length import LengthScorer
from evaluation.scorers.lexicon import of_paths
from evaluation.scorers.scorer import Scorer

#: What each floor does, for the foot of a table.
DESCRIPTIONS = {
    "frequency": "sum of the log frequencies of the words, in any order",
    "length": "the option with fewer characters",
}
#: Where the frequencies are from if no corpus is known.
POOLED = "words counted in the task's own options"


def floors(corpus: Path | Sequence[Path] | None, *, cache: Path | None = None) -> dict[str, Scorer]:
    """Return the floors by name.

    Args:
        corpus: what the model was trained on (a corpus folder, or UTF-8 text files), so that the floor knows as many
            words; None if that is not known.
        cache: folder that keeps the counts of corpora.

    Raises:
        DataError: a path is no corpus and no text.
        CorpusError: a folder holds no whole corpus.
        OutputError: the cache cannot be written.
    """
    paths = [corpus] if isinstance(corpus, Path) else list(corpus or ())
    lexicon = of_paths(paths, cache) if paths else None
    return {"frequency": FrequencyScorer(lexicon), "length": LengthScorer()}


def describe(name: str, corpus: Path | Sequence[Path] | None) -> str:
    """Return a floor's description, with the source of its frequencies."""
    if name != "frequency":
        return DESCRIPTIONS[name]
    names = [path.name for path in ([corpus] if isinstance(corpus, Path) else list(corpus or ()))]
    return f"{DESCRIPTIONS[name]} ({'words of ' + ', '.join(names) if names else POOLED})"
