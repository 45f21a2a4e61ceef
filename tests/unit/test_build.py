"""Building: what it tells, what it may replace, what it repeats."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from curation.build import Options, build
from curation.core import events
from curation.core.errors import BudgetError, CurateError, LockMismatch, OutputError
from curation.corpus import LOCK, Corpus
from curation.manifest import load
from tests.unit.helpers import build_raw, build_texts, texts_of, write_jsonl

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    "The dog ran.",
    "the  dog ran.",
    "A caf\u00e9, e\u0301!\n\nThe dog ran.",
    "one two three four five six",
    "One two three four five six.",
]
STEPS = [
    {"use": "normalize.unicode"},
    {"use": "normalize.whitespace"},
    {
        "use": "filter.gopher",
        "word_count": {"min_words": 2},
        "stop_word_count": None,
        "top_2gram": None,
        "top_3gram": None,
        "top_4gram": None,
    },
    {"use": "dedup.exact", "level": "line"},
    {"use": "dedup.minhash", "threshold": 0.6, "ngram": 1, "bands": 4, "rows": 1},
]
SELECT = [{"use": "select.word_budget", "words": 8, "nested": [4]}, {"use": "select.order"}]

UNCOMPILED = """
import sys, warnings
from pathlib import Path
warnings.simplefilter("ignore", RuntimeWarning)  # 64-bit arithmetic wraps around on purpose
import numba
from tests.unit.helpers import build_texts
from tests.unit.test_build import SELECT, STEPS, TEXTS
assert numba.config.DISABLE_JIT
print(build_texts(Path(sys.argv[1]), TEXTS, STEPS, SELECT).digest)
"""


def test_without_the_compiler_the_corpus_is_the_same(tmp_path):
    """The kernels' own source, run by Python, is the oracle for a whole build."""
    compiled = build_texts(tmp_path / "a", TEXTS, STEPS, SELECT)
    done = subprocess.run(
        [sys.executable, "-c", UNCOMPILED, str(tmp_path / "b")],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, compiled.digest), done.stderr[-800:]
    assert compiled.words == 8


def test_a_second_build_has_nothing_to_do(tmp_path):
    """A finished corpus is recognised by its files, not by its date."""
    first = build_texts(tmp_path, TEXTS, STEPS, SELECT)
    seen = []
    again = build_texts(tmp_path, TEXTS, STEPS, SELECT, listen=seen.append)
    assert again.lock == first.lock
    assert [event.reused for event in seen if isinstance(event, events.BuildDone)] == [True]
    assert [event for event in seen if isinstance(event, events.StageStarted)] == []
    (tmp_path / "out" / "README.md").write_text("edited")
    build_texts(tmp_path, TEXTS, STEPS, SELECT)
    assert (tmp_path / "out" / "README.md").read_text() != "edited"


def test_what_a_build_tells(tmp_path):
    """A listener that started late or that logs to a file needs these, in this order."""
    seen = []
    corpus = build_texts(tmp_path, TEXTS, STEPS, SELECT, listen=seen.append)
    names = [type(event).__name__ for event in seen if not isinstance(event, events.Progress)]
    assert names[0] == "BuildStarted"
    assert names[-1] == "BuildDone"
    stages = [event.stage for event in seen if isinstance(event, events.StageStarted)]
    [begun] = [event for event in seen if isinstance(event, events.BuildStarted)]
    assert stages == list(range(len(begun.stages)))
    done = seen[-1]
    assert (done.words, done.documents, done.digest) == (8, corpus.lock["documents"], corpus.digest)
    assert (done.words_read, done.documents_read) == (sum(len(text.split()) for text in TEXTS), len(TEXTS))
    assert [loss for loss in done.losses if loss[2] <= 0] == []
    for event in seen:
        assert json.loads(json.dumps(event.as_dict()))["event"] == type(event).__name__


def test_other_folders_are_not_replaced(tmp_path):
    """A typing error in --out must not cost somebody's files."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("x")
    with pytest.raises(OutputError, match="is not empty and holds no corpus"):
        build_texts(tmp_path, ["a"])
    assert (tmp_path / "out" / "thesis.tex").read_text() == "x"
    assert texts_of(build_texts(tmp_path, ["a"], force=True)) == ["a"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is a file"):
        build_texts(tmp_path, ["a"], out="file")


def test_a_corpus_of_another_name_is_not_replaced(tmp_path):
    """Two manifests with one --out are a mistake."""
    build_texts(tmp_path, ["a"])
    raw = {"name": "other", "sources": [{"name": "docs", "use": "source.jsonl", "path": "docs.jsonl"}]}
    with pytest.raises(OutputError, match="holds the corpus 'small', this manifest is 'other'"):
        build_raw(tmp_path, raw)
    assert build_raw(tmp_path, raw, force=True).lock["name"] == "other"


def test_a_build_that_fails_leaves_the_corpus_before_it(tmp_path):
    """Errors late in a build must not cost what was there."""
    before = build_texts(tmp_path, ["a b"])
    with pytest.raises(CurateError):
        build_texts(tmp_path, ["a b c"], [], [{"use": "select.word_budget", "words": 99}])
    assert Corpus.open(tmp_path / "out").digest == before.digest
    assert sorted(path.name for path in tmp_path.iterdir()) == [".curate-cache", "docs.jsonl", "m.yaml", "out"]


def test_unreadable_inputs_are_warned_of(tmp_path):
    """`on_error: skip` must not be silent."""
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n{}\n')
    seen = []
    raw = {"sources": [{"name": "a", "use": "source.jsonl", "path": "a.jsonl", "on_error": "skip"}]}
    build_raw(tmp_path, raw, listen=seen.append)
    assert [event.message for event in seen if isinstance(event, events.Warned)] == [
        "1 inputs could not be read: see step 'unreadable' in ledger.parquet"
    ]


class TestLocked:
    def built(self, folder, texts=("a b", "c d e")):
        corpus = build_texts(folder, list(texts), [{"use": "filter.word_count", "min_words": 1}])
        return corpus, load(folder / "m.yaml")

    def test_reproduces_the_lock(self, tmp_path):
        """The lock beside the manifest comes first, then the one in the folder."""
        corpus, manifest = self.built(tmp_path)
        assert build(manifest, Options(out=tmp_path / "out", locked=True)).digest == corpus.digest
        (tmp_path / "m.lock").write_text((tmp_path / "out" / LOCK).read_text())
        assert build(manifest, Options(out=tmp_path / "new", locked=True)).digest == corpus.digest

    def test_says_what_differs(self, tmp_path):
        """Which file, which words: the user must see what to look at."""
        corpus, manifest = self.built(tmp_path)
        write_jsonl(tmp_path / "docs.jsonl", ["a b", "c d e f"])
        with pytest.raises(LockMismatch) as caught:
            build(manifest, Options(out=tmp_path / "out", locked=True))
        text = str(caught.value)
        assert f"digest: the lock has {corpus.digest}, this build gave " in text
        assert "words: the lock has 5, this build gave 6" in text
        assert "source docs: docs.jsonl is another file than the lock's" in text
        assert Corpus.open(tmp_path / "out").digest == corpus.digest

    def test_says_which_settings_differ(self, tmp_path):
        """A threshold that was changed is named, and so is another version of a tool."""
        _, _ = self.built(tmp_path)
        lock = json.loads((tmp_path / "out" / LOCK).read_text())
        lock["steps"][0]["settings"]["min_words"] = 3
        lock["tools"]["numpy"] = "0.1"
        lock["digest"] = "0" * 64
        (tmp_path / "m.lock").write_text(json.dumps(lock))
        with pytest.raises(LockMismatch) as caught:
            build(load(tmp_path / "m.yaml"), Options(out=tmp_path / "new", locked=True))
        assert "step word_count: other settings or version than the lock's" in str(caught.value)
        assert "(written with numpy 0.1, here " in str(caught.value)
        assert not (tmp_path / "new").exists()

    def test_other_tools_alone_are_no_mismatch(self, tmp_path):
        """The corpus is what counts, not the machine."""
        corpus, manifest = self.built(tmp_path)
        lock = json.loads((tmp_path / "out" / LOCK).read_text())
        lock["tools"] = {"python": "2.7", "numpy": "0.1"}
        (tmp_path / "m.lock").write_text(json.dumps(lock))
        assert build(manifest, Options(out=tmp_path / "new", locked=True)).digest == corpus.digest

    def test_needs_a_lock(self, tmp_path):
        """The way to get one is shown."""
        _, manifest = self.built(tmp_path)
        with pytest.raises(LockMismatch, match="there is no lock to reproduce") as caught:
            build(manifest, Options(out=tmp_path / "new", locked=True))
        assert "m.lock" in caught.value.hint

    @pytest.mark.parametrize("text", ["{", "[]", "{}"])
    def test_a_damaged_lock_is_no_traceback(self, tmp_path, text):
        """A lock with a merge conflict in it is the user's to mend."""
        _, manifest = self.built(tmp_path)
        (tmp_path / "m.lock").write_text(text)
        with pytest.raises(CurateError) as caught:
            build(manifest, Options(out=tmp_path / "new", locked=True))
        assert "m.lock" in str(caught.value) or "the lock has None" in str(caught.value)


def test_words_that_are_cut_are_charged_to_the_budget(tmp_path):
    """The step that cuts documents is the one that the ledger charges, wherever it stands."""
    select = [{"use": "select.order"}, {"use": "select.word_budget", "words": 4}]
    corpus = build_texts(tmp_path, ["a b c", "d e f"], [], select)
    assert {step["name"]: step["dropped"] for step in corpus.lock["steps"]} == {"order": 0, "word_budget": 2}


@pytest.mark.parametrize("seed", [0, 1])
def test_the_seed_decides_choice_and_order(tmp_path, seed):
    """The same seed is the same corpus, in another folder too."""
    write_jsonl(tmp_path / "docs.jsonl", [f"word{i} x" for i in range(40)])
    raw = {"sources": [{"name": "docs", "use": "source.jsonl", "path": "docs.jsonl"}], "select": SELECT}
    one, two, other = (
        texts_of(build_raw(tmp_path, {**raw, "seed": number}, out=f"o{place}"))
        for place, number in enumerate((seed, seed, seed + 1))
    )
    assert one == two
    assert one != other


def test_what_is_missing_is_told_against_what_was_read(tmp_path):
    """Documents that an earlier stage removed were read as well: the error must count them."""
    texts = ["one two three four\nfive six", "one two three four\nseven eight", "a"]
    steps = [
        {"use": "filter.word_count", "min_words": 2},
        {"use": "dedup.exact", "level": "line"},
        {"use": "filter.word_count", "name": "again", "min_words": 3},
    ]
    with pytest.raises(BudgetError, match=r"short by 94 words \(asked for 100, 6 left of 13 read\)"):
        build_texts(tmp_path, texts, steps, select=[{"use": "select.word_budget", "words": 100}])
