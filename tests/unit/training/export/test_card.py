"""The model card: what hubs and people read."""

from __future__ import annotations

import pytest
import yaml

from tests.unit.training.export.exports import CASES, FACTS, recipe, small_tokenizer
from training.export.card import card


def written(name: str = "gpt_bert", facts=FACTS, **changes) -> str:
    sizes, objective, wanted = CASES[name]
    return card(recipe(sizes, objective, small_tokenizer(wanted).settings, **changes), sizes, facts)


@pytest.mark.parametrize("name", CASES)
def test_front_matter_is_yaml_with_tags(name):
    _, front, body = written(name).split("---\n", 2)

    data = yaml.safe_load(front)

    assert data["library_name"] == "transformers"
    assert data["language"] == "en"
    assert data["tags"] == ["babylm", CASES[name][0].use, CASES[name][1]]
    assert body.startswith("\n# toy\n")


def test_corpus_and_audit_are_told():
    text = written()

    assert "ab" * 32 in text
    assert "| audit of the corpus | words recounted: as the lock says |" in text
    assert "1,200 words; 34 more were held out" in text


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("gpt_bert", ["AutoTokenizer", "AutoModelForCausalLM", "AutoModelForMaskedLM"]),
        ("ltg_bert", ["AutoTokenizer", "AutoModelForMaskedLM"]),
        ("gpt2", ["AutoTokenizer", "AutoModelForCausalLM"]),
    ],
)
def test_the_loading_lines_name_the_classes_that_load(name, classes):
    """Transformers 5 asks on the terminal about our code for the tokenizer too, unless it is told."""
    code = written(name).split("```python\n")[1].split("```")[0]

    assert code.startswith(f"from transformers import {', '.join(classes)}\n")
    remote = ", trust_remote_code=True" if name != "gpt2" else ""
    assert [f'{found}.from_pretrained("PATH"{remote})' for found in classes] == code.split("\n\n")[1].splitlines()
    assert ("mntp" in written(name)) is (name == "gpt_bert")


def test_names_break_neither_table_nor_page():
    corpus = FACTS["corpus"] | {"name": "a | b\n# <b>bold</b>\n---"}
    text = written(facts=FACTS | {"corpus": corpus}, name="gpt2")
    row = next(line for line in text.splitlines() if line.startswith("| corpus |"))

    assert row.startswith(r"| corpus | a \| b # &lt;b>bold&lt;/b> --- |"[:38])
    assert row.replace(r"\|", "").count("|") == 3
    assert "<b>" not in text


def test_the_recipes_own_words_break_nothing():
    text = written(fidelity="  As <script>alert(1)</script> says.\n")

    assert text.endswith("## Fidelity\n\nAs &lt;script>alert(1)&lt;/script> says.\n")
