"""ARPA files: written, read back, read from others, and refused with file and line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from curation.core.errors import OutputError
from evaluation.errors import SubjectError
from evaluation.ngram import arpa
from evaluation.ngram.model import Level, NgramModel
from evaluation.ngram.train import of_texts

TEXT = "the cat sat on the mat\nthe dog sat on the log\na cat and a dog sat\nthe cats sit on mats"

FOREIGN = r"""
made by hand

\data\
ngram 1=4
ngram  2=2

\1-grams:
-99 <s> -0.5
-1.0	</s>
-0.3010300	a	-0.25
-0.6020600	b	-0.125

\2-grams:
-0.2	<s> a
-0.1	a b

\end\
"""


def written(folder: Path, text: str, name: str = "model.arpa") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz"])
def test_a_model_is_the_same_after_writing_and_reading(tmp_path: Path, name: str) -> None:
    model = of_texts([TEXT], order=3)
    arpa.write(model, tmp_path / name)
    back = arpa.read(tmp_path / name)
    assert back.digest == model.digest
    assert (back.begin, back.end, back.unknown) == (model.begin, model.end, model.unknown)


def test_the_same_model_is_the_same_gzipped_file(tmp_path: Path) -> None:
    for name in ("one.arpa.gz", "two.arpa.gz"):
        arpa.write(of_texts([TEXT], order=2), tmp_path / name)
    assert (tmp_path / "one.arpa.gz").read_bytes() == (tmp_path / "two.arpa.gz").read_bytes()


def test_a_file_of_others_gives_its_numbers(tmp_path: Path) -> None:
    """A preamble, spaces for tabs, weights left out, and no unknown word: it gets what KenLM gives it."""
    model = arpa.read(written(tmp_path, FOREIGN.replace("\nmade by hand\n\n", "")))
    ids = np.asarray([model.ids[word] for word in ("<s>", "a", "b", "b", "</s>", "<unk>")], np.int32)
    values, length = model.log10(ids)
    assert values[1:].tolist() == pytest.approx([-0.2, -0.1, -0.60206 - 0.125, -1 - 0.125, -100])
    assert length[1:].tolist() == [2, 2, 1, 1, 1]


def test_text_before_the_data_is_passed_over(tmp_path: Path) -> None:
    assert arpa.read(written(tmp_path, FOREIGN)).order == 2


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("\\data\\", "data", 18, "ends too early"),
        ("\\data\\", "data\n" * 200, 100, "not an ARPA file"),
        ("ngram 1=4", "ngram 1=five", 5, "ngram 1=<number>"),
        ("ngram 1=4", "ngram 1=5", 14, "1 words between"),
        ("ngram 1=4", "ngram 1=3", 12, r"\\2-grams: is wanted"),
        ("-0.3010300\ta", "half\ta", 11, "a number is wanted"),
        ("a b\n", "a c\n", 16, "'c' is not a unigram"),
        ("-0.1\ta b\n", "-0.1\t<s> a\n", 16, "stands there twice"),
        ("-0.1\ta b", "nan\ta b", 16, "not finite"),
        ("\tb\t", "\ta\t", 12, "second time"),
        ("\\end\\\n", "", 17, "ends too early"),
        ("\\end\\\n", "-1 a a", 18, "is wanted here"),
        ("<s>", "<x>", 18, "has no <s>"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    assert old in FOREIGN
    path = written(tmp_path, FOREIGN.replace(old, new))
    with pytest.raises(SubjectError, match=message) as caught:
        arpa.read(path)
    assert caught.value.where == f"{path}:{line}"


def test_an_ngram_needs_its_context(tmp_path: Path) -> None:
    text = FOREIGN.replace("ngram  2=2", "ngram 2=2\nngram 3=1").replace("\\end\\", "\\3-grams:\n-0.1 b a b\n\n\\end\\")
    with pytest.raises(SubjectError, match="no n-gram of their own") as caught:
        arpa.read(written(tmp_path, text))
    assert caught.value.where.endswith(":20")


def test_missing_and_cut_files_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="no such file"):
        arpa.read(tmp_path / "none.arpa")
    whole = gzip.compress(FOREIGN.encode())
    (tmp_path / "cut.arpa.gz").write_bytes(whole[:-20])
    with pytest.raises(SubjectError, match="cut short"):
        arpa.read(tmp_path / "cut.arpa.gz")
    written(tmp_path, FOREIGN, "plain.arpa.gz")
    with pytest.raises(SubjectError, match="cannot be read"):
        arpa.read(tmp_path / "plain.arpa.gz")


def test_words_are_utf8(tmp_path: Path) -> None:
    model = of_texts(["naïve café\nno\u00a0break"], order=2)
    arpa.write(model, tmp_path / "model.arpa")
    assert arpa.read(tmp_path / "model.arpa").names == model.names
    path = tmp_path / "latin.arpa"
    path.write_bytes(FOREIGN.replace("\tb\t", "\té\t").encode("latin-1"))
    with pytest.raises(SubjectError, match="not UTF-8"):
        arpa.read(path)


def test_a_word_that_the_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    level = Level(np.arange(2), np.zeros(2, np.float32), np.zeros(2, np.float32))
    with pytest.raises(SubjectError, match="white space"):
        arpa.write(NgramModel(("two words", "<s>"), 1, None, None, (level,)), tmp_path / "model.arpa")


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    written(tmp_path, "", "file")
    with pytest.raises(OutputError):
        arpa.write(of_texts(["a"], order=1), tmp_path / "file" / "model.arpa")
