"""Held-out texts: documents as the file says, one length for all, and a warning where they are unlike the corpora's."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.core.events import Warned
from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.errors import AblationError
from evaluation.ablation.heldout import compare_lengths, heldout_files
from evaluation.ablation.settings import Ablation, Arm
from training.prepare import _documents

LINE = "one two three four five six seven eight nine ten"


def made(folder, text, documents=None, words=1000):
    (folder / "s.txt").write_text(text)
    given = "s.txt" if documents is None else {"path": "s.txt", "documents": documents}
    values = {
        "name": "toy",
        "question": "Does it?",
        "base": Arm(corpus="x"),
        "arms": {"arm": Arm(corpus="x")},
        "heldout": {"speech": given},
        "heldout_words": words,
        "primary": "bits_per_byte.speech",
    }
    found = heldout_files(Ablation.model_validate(values), folder / "toy.yaml", folder / "heldout")
    return found["speech"]


def documents_of(path):
    """Return what training takes for documents: it is what counts."""
    return list(_documents(path))


@pytest.mark.parametrize(
    ("text", "documents", "lengths"),
    [
        ("\n".join([LINE] * 90), None, [50, 40]),
        ("\n".join([LINE] * 90), "20 lines", [20, 20, 20, 20, 10]),
        ("\n".join([LINE] * 90), "line", [1] * 90),
        ("\n".join([LINE] * 30), None, [15, 15]),
        (f"{LINE}\n{LINE}\n\n{LINE}\n \t\n{LINE}\n{LINE}\n", None, [2, 1, 2]),
        (f"{LINE} \n\n{LINE} \n{LINE} \n\n{LINE} ", None, [1, 2, 1]),
        (f"{LINE}\r\n\r\n{LINE}\r\n{LINE}\r\n", None, [1, 2]),
        (f"{LINE}\n{LINE}\n\n{LINE}\n", "2 lines", [2, 1]),
        (f"= = = A = = =\n{LINE}\n\n{LINE}\n= = = B = = =\n{LINE}\n", "header", [3, 2]),
        (f"\n\n{LINE}\n{LINE}\n\n", None, [1, 1]),
    ],
)
def test_documents_are_what_training_will_take_for_them(tmp_path, text, documents, lengths):
    found = documents_of(made(tmp_path, text, documents))
    assert [document.strip().count("\n") + 1 for document in found] == lengths


def test_a_text_is_cut_at_a_whole_line(tmp_path):
    found = made(tmp_path, "\n".join([LINE] * 500), words=1005)
    assert len(found.read_text().split()) == 1000
    stamp = found.stat().st_mtime_ns
    made(tmp_path, "\n".join([LINE] * 500), words=1005)
    assert found.stat().st_mtime_ns == stamp, "what is there already is not written again"


def test_what_is_no_text_is_said(tmp_path):
    with pytest.raises(AblationError, match="has no text") as raised:
        made(tmp_path, " \n\n")
    assert raised.value.where == "heldout.speech"
    with pytest.raises(ValueError, match="documents"):
        made(tmp_path, LINE, "chapter")


def test_documents_much_shorter_than_the_corpus_are_told(tmp_path):
    corpora = {"base": ArmCorpus("base", Path("x"), "d", 25_000, 100, {})}
    told: list[object] = []
    compare_lengths({"speech": made(tmp_path, "\n".join([LINE] * 90), "line")}, corpora, told.append)
    assert [type(event) for event in told] == [Warned]
    assert "speech have 10 words, those of the base 250" in told[0].message
    compare_lengths({"speech": made(tmp_path, "\n".join([LINE] * 90))}, corpora, told.append)
    assert len(told) == 1
