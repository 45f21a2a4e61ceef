"""What is held equal over arms: words seen, tokens seen, or FLOPs, as a duration of each arm's run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.places import recipe_at
from evaluation.ablation.settings import Ablation


def durations(
    ablation: Ablation, file: Path, draws: Mapping[tuple[str, int], ArmCorpus], heldout: Mapping[str, Path], cache: Path
) -> dict[tuple[str, int], str]:
    """Return a change of the recipe for each draw of each arm: its duration.

    Words seen are the challenge's unit, and an arm with fewer words sees them more often. Tokens and FLOPs are steps:
    tokenizers differ over corpora, so that equal words are not equal tokens.

    Args:
        ablation: says what is matched, and how much of it.
        file: where it lies.
        draws: (arm, seed) to a corpus.
        heldout: texts, which the plan of a run wants to know.
        cache: tokenizers and tokens are made here once.
    """
    if ablation.match == "words":
        return dict.fromkeys(draws, f"duration={{words: {int(ablation.amount)}}}")
    return {
        (name, draw): f"duration={{steps: {_steps(ablation, file, name, corpus, heldout, cache)}}}"
        for (name, draw), corpus in draws.items()
    }


def _steps(
    ablation: Ablation, file: Path, name: str, corpus: ArmCorpus, heldout: Mapping[str, Path], cache: Path
) -> int:
    from training.config import load_recipe  # noqa: PLC0415  (heavy)
    from training.estimate import estimate  # noqa: PLC0415
    from training.train import Options  # noqa: PLC0415

    changes = [*ablation.changes, *ablation.all_arms[name].recipe, "data.heldout.share=0", "duration={steps: 100}"]
    recipe = load_recipe(recipe_at(file, ablation.recipe), changes)
    found = estimate(recipe, Options(corpus=corpus.folder, out=cache / "no-run", cache=cache, heldout=heldout))
    unit = "tokens" if ablation.match == "tokens" else "flops"
    return max(1, round(ablation.amount / (float(found[unit]) / 100)))
