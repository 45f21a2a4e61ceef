"""The model card of an export: what it was trained on, how, and how to load it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from training.config import Recipe

_LOAD = {"causal": "AutoModelForCausalLM", "masked": "AutoModelForMaskedLM"}


def card(recipe: Recipe, settings: Any, facts: Mapping[str, Any]) -> str:
    """Return the text of README.md, with the metadata that model hubs read."""
    kinds = {"masked": ["masked"], "hybrid": ["causal", "masked"]}.get(recipe.objective.use, ["causal"])
    own_code = settings.use in {"ltg_bert", "elc_bert", "gpt_bert"}
    remote = ", trust_remote_code=True" if own_code else ""
    classes = ["AutoTokenizer", *(_LOAD[kind] for kind in kinds)]
    loading = "\n".join(f'{name}.from_pretrained("PATH"{remote})' for name in classes)
    corpus = facts["corpus"]
    rows = [
        ("corpus", f"{corpus['name']}, {corpus['words']:,} words, digest `{corpus['digest']}`"),
        ("trained on", f"{facts['words_trained_on']:,} words; {facts['words_held_out']:,} more were held out"),
        ("audit of the corpus", corpus["audit"]),
        ("words seen, repeats counted", f"{facts['words_seen']:,}"),
        ("recipe", f"{recipe.name}, seed {recipe.run.seed}"),
        ("parameters", f"{facts['parameters']:,}"),
        ("tokenizer", facts["tokenizer"]),
        ("training compute", f"{facts['flops']:.3g} FLOPs (matrix products, forward and backward)"),
        ("weights", facts["weights"]),
    ]
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows)
    note = ""
    if recipe.objective.use == "hybrid":
        note = (
            "\nThe masked model answers for token k + 1 at position k (backend `mntp` of the BabyLM evaluation). "
            "Set `shift_mlm` in its configuration for tools that look at position k.\n"
        )
    tags = ["babylm", settings.use, recipe.objective.use]
    front = yaml.safe_dump({"library_name": "transformers", "language": "en", "tags": tags}, sort_keys=False)
    return (
        f"---\n{front}---\n\n"
        f"# {_cell(recipe.name)}\n\nTrained with curate.\n\n| | |\n|---|---|\n{table}\n\n"
        f"```python\nfrom transformers import {', '.join(classes)}\n\n{loading}\n```\n"
        f"{note}\n## Fidelity\n\n{_plain(recipe.fidelity.strip())}\n"
    )


def _plain(text: str) -> str:
    """Return text in which nothing is taken for HTML."""
    return text.replace("<", "&lt;")


def _cell(text: str) -> str:
    """Return text that stays in its cell and on its line."""
    return " ".join(_plain(text).replace("|", "\\|").split())
