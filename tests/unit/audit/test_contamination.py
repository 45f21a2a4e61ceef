import io
import json
import os
import unicodedata
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.audit.contamination import contamination, text_batches
from curation.audit.evaluation_items import evaluation_files, read_texts
from curation.audit.folding import folded_words
from curation.core.errors import CorpusError, SourceError
from tests.unit.helpers import buffers, build_texts, fresh_folder

SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
LONG = "the quick brown fox jumps over the lazy dog while seven old cats sleep under the warm kitchen table"


def documents(*texts, size=None):
    """Return texts as batches of documents."""
    size = size or max(len(texts), 1)
    for start in range(0, len(texts), size):
        part = list(texts[start : start + size])
        ids = [f"d{start + place}" for place in range(len(part))]
        yield pa.RecordBatch.from_pydict({"id": ids, "source": ["s"] * len(part), "text": part})


def items(folder, rows, name="task/file.jsonl"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def seen(found):
    return {(task.task, item.item) for task in found.tasks for item in task.seen_items}


def folded(text):
    """Fold words in plain Python: what the kernel must agree with."""
    words = []
    for word in text.split():
        kept = [unicodedata.normalize("NFKD", letter.casefold())[0] for letter in word if letter.isalnum()]
        if kept:
            words.append("".join(kept))
    return words


def test_case_punctuation_accents_and_white_space_do_not_matter(tmp_path):
    """A corpus that was cleaned still holds the item."""
    path = items(tmp_path, [{"text": "Don't you see, Zoë, that the (old) cat sleeps -- here?"}])
    for text in (
        "dont you see zoe that the old cat sleeps here",
        "DON'T  YOU SEE,\nZOE\u0308 , THAT THE OLD CAT\tSLEEPS HERE",
    ):
        assert seen(contamination(documents("before it.", f"So: {text} and more"), [path])) == {("task/file", 1)}
    assert not seen(contamination(documents("do not you see zoe that the old cat dreams here"), [path], min_share=0.9))


def test_a_sentence_of_a_minimal_pair_is_seen_whole_or_not(tmp_path):
    """The two sentences of a pair share most of their words, and it matters which of them is there."""
    pair = {"sentence_good": LONG, "sentence_bad": LONG.replace("sleep", "sleeps"), "UID": "agreement"}
    path = items(tmp_path, [pair])
    found = contamination(documents("x", LONG.upper()), [path])
    assert found.tasks[0].seen_by_field == {"sentence_good": 1}
    assert found.tasks[0].seen_items[0].documents == ("d1",)
    # All of its n-grams in two documents are not the sentence; of another text they would be evidence.
    half, rest = LONG.split()[:14], LONG.split()[7:]
    assert not seen(contamination(documents(" ".join(half), " ".join(rest)), [path]))
    plain = items(tmp_path, [{"text": LONG}], "task/plain.jsonl")
    assert seen(contamination(documents(" ".join(half), " ".join(rest)), [plain])) == {("task/plain", 1)}


def test_a_long_text_is_seen_by_its_share_and_a_short_one_whole(tmp_path):
    """Ten of nineteen words leave 3 of 12 8-grams; a text of five words has one n-gram, itself."""
    words = LONG.split()
    path = items(tmp_path, [{"passage": LONG}, {"question": "who let the dogs out"}, {"question": "why not"}])
    corpus = documents(" ".join(words[:10]), "asked who let the dogs out today", "why not")
    found = contamination(corpus, [path])
    (task,) = found.tasks
    assert [(item.item, item.share) for item in task.seen_items] == [(1, 0.25), (2, 1.0)]
    assert (task.items, task.compared, task.seen, task.seen_long, task.share) == (3, 2, 2, 1, 1.0)
    assert (found.documents, found.documents_flagged, found.flagged_by_source) == (3, 2, {"s": 2})
    again = contamination(documents(" ".join(words[:10])), [path], min_share=0.3)
    assert not seen(again)


def test_every_string_is_taken_from_lists_tabs_and_csv(tmp_path):
    """The official tree has options in lists, variants joined by tabs, and reading times as CSV."""
    items(tmp_path, [{"options": ["a b c d e", "f g h i j"], "idx": {"n": 1, "t": "k l m n o"}}], "tree/a/one.jsonl")
    items(tmp_path, [{"sentences": "p q r s t\tu v w x y", "ratio": 0.5}], "tree/a/two.jsonl")
    (tmp_path / "tree/b").mkdir()
    (tmp_path / "tree/b/three.csv").write_text('item,sentence\n1,"aa, bb cc dd ee"\n', encoding="utf-8")
    files = evaluation_files([tmp_path / "tree"])
    assert [task for task, _ in files] == ["a/one", "a/two", "b/three"]
    fields = {text.field for task, file in files for text in read_texts(task, file)}
    assert fields == {"options[0]", "options[1]", "idx.t", "sentences[0]", "sentences[1]", "item", "sentence"}
    text = "a b c d e / f g h i j / k l m n o / p q r s t / u v w x y / aa bb cc dd ee"
    assert len(seen(contamination(documents(text), [tmp_path / "tree"]))) == 3


def test_what_cannot_be_read_is_an_error_with_its_place(tmp_path):
    """A typo in an evaluation file must not look like a clean corpus."""
    with pytest.raises(SourceError, match="no evaluation file"):
        contamination(documents("x"), [tmp_path / "absent"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no evaluation file"):
        contamination(documents("x"), [tmp_path / "empty"])
    broken = tmp_path / "b.jsonl"
    broken.write_text('{"a": "b"}\n{"a":\n', encoding="utf-8")
    with pytest.raises(SourceError, match=r"b\.jsonl:2.*is no JSON"):
        contamination(documents("x"), [broken])
    broken.write_text("[1]\n", encoding="utf-8")
    with pytest.raises(SourceError, match="is a list"):
        contamination(documents("x"), [broken])


def test_plain_text_and_a_built_corpus_are_searched_alike(tmp_path):
    """The same text is found in files without a build, named by file and line, and in a corpus."""
    path = items(tmp_path, [{"text": LONG}])
    (tmp_path / "own.train").write_text("one line\n" * 300 + LONG + "\n", encoding="utf-8")
    found = contamination(text_batches([tmp_path / "own.train"]), [path])
    assert found.tasks[0].seen_items[0].documents == ("own.train:201",)
    events = []
    corpus = build_texts(tmp_path / "built", ["something else", LONG])
    found = contamination(corpus, [path], listen=events.append)
    assert seen(found) == {("task/file", 1)}
    assert events[-1].done == events[-1].total == 2
    next(corpus.folder.glob("data/*.parquet")).write_bytes(b"no parquet")
    with pytest.raises(CorpusError, match="cannot be searched"):
        contamination(corpus, [path])
    with pytest.raises(SourceError, match="cannot be read"):
        contamination(text_batches([tmp_path / "absent.train"]), [path])


_TEXT = st.lists(st.sampled_from(["a", "b", "c", "A,", "b.", "é", "e\u0301", "--", "7"]), max_size=14).map(" ".join)


@given(st.lists(_TEXT, max_size=6), st.lists(_TEXT, min_size=1, max_size=5), st.integers(1, 3))
def test_the_search_agrees_with_sets_of_word_tuples(texts, wanted, size):
    """The kernels find what plain Python finds, however the documents are cut into batches."""
    ngram, least, share = 4, 2, 0.5
    with fresh_folder() as folder:
        path = items(folder, [{"text": text} for text in wanted])
        found = contamination(documents(*texts, size=size), [path], ngram=ngram, min_words=least, min_share=share)
    held = [folded(text) for text in texts]
    expected = set()
    for number, text in enumerate(wanted, 1):
        words = folded(text)
        n = min(ngram, len(words))
        if len(words) < least:
            continue
        grams = {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}
        there = {gram for gram in grams if any(gram == tuple(one[i : i + n]) for one in held for i in range(len(one)))}
        if len(there) / len(grams) >= (share if len(words) >= ngram else 1):
            expected.add(("task/file", number))
    assert seen(found) == expected


@given(st.lists(st.text(max_size=30), max_size=5))
def test_words_are_folded_as_in_python(texts):
    """Equal folded words have equal hashes, and only they."""
    hashes, offsets = folded_words(*buffers(texts))
    words = [folded(text) for text in texts]
    assert [int(stop - start) for start, stop in pairwise(offsets)] == [len(one) for one in words]
    flat = [word for one in words for word in one]
    assert len(set(flat)) == len({int(one) for one in hashes})
    assert dict(zip(flat, hashes, strict=True)) == {word: hashes[flat.index(word)] for word in set(flat)}


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no real data beside the checkout (CURATE_SHARED_DATA)")
def test_planted_items_are_found(tmp_path):
    """The labelled test: 187 passages with an item planted among 1,600; every item that was not edited is found."""
    import zstandard

    from tests.packs import unpack

    unpack(SHARED / "eval/babylm_eval.tar.xz", tmp_path)
    with (SHARED / "eval/contamination_planted.jsonl.zst").open("rb") as raw:
        rows = [json.loads(line) for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(raw))]
    (root,) = {path.parent for path in tmp_path.rglob("full_eval")}
    batch = {"id": [row["id"] for row in rows], "source": ["p"] * len(rows), "text": [row["text"] for row in rows]}
    found = contamination([pa.RecordBatch.from_pydict(batch)], [root / "full_eval"])
    flagged = {name for task in found.tasks for item in task.seen_items for name in item.documents}
    planted = {row["id"]: row["planted"]["variant"] for row in rows if row["planted"]}
    right = flagged & planted.keys()
    assert len(right) / len(flagged) >= 0.97
    assert len(right) / len(planted) >= 0.88
    unedited = {name for name, variant in planted.items() if variant in {"verbatim", "whitespace", "case_punct"}}
    assert len(unedited) == 132
    assert unedited <= flagged
