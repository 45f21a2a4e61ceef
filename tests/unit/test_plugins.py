"""Steps from outside the package, through real builds."""

import subprocess
import sys

import pytest

from curation.core.errors import CurateError, StepError
from tests.unit.helpers import build_texts, flows_of, ledger_of, rows_of, texts_of


def use(which, **more):
    return {"use": f"tests.unit.plugins:{which}", **more}


def test_a_filter(tmp_path):
    """The smallest plug-in: one method and one bound."""
    corpus = build_texts(tmp_path, ["a b", "x y", "xx xx"], [use("WithoutX", max_x=1)])
    assert texts_of(corpus) == ["a b", "x y"]
    [lost] = [row for row in ledger_of(corpus) if row["step"]]
    assert (lost["step"], lost["reason"], lost["value"]) == ("WithoutX", "above max_x 1", 4.0)


def test_a_rewriter_with_words_of_its_own(tmp_path):
    """Whose words are in the corpus is a rule of the challenge: a rewritten text says who wrote it."""
    corpus = build_texts(tmp_path, ["I purchase it", "you sleep"], [use("Simpler", name="simple")])
    rows = {row["text"]: row["origin"] for row in rows_of(corpus)}
    assert rows == {"I buy now it": "rule:tests.unit.plugins", "you sleep": "human"}
    [[flow]] = flows_of(corpus)
    assert (flow.words_in, flow.added, flow.words_out, flow.dropped) == (5, 1, 6, 0)


def test_a_rewriter_in_processes_gives_the_same(tmp_path):
    """Plain Python runs in spawned processes; nothing else may change."""
    texts = ["I purchase it", "you sleep", "we purchase"]
    found = [
        build_texts(
            tmp_path,
            texts,
            [use(name, name="it")],
            workers=workers,
            out=f"{name}{workers}",
            cache=tmp_path / f"{name}{workers}.cache",
        )
        for name, workers in (("Simpler", 1), ("InProcess", 1), ("InProcess", 2))
    ]
    assert [texts_of(corpus) for corpus in found] == [["I buy now it", "you sleep", "we buy now"]] * 3
    assert len({corpus.digest for corpus in found}) == 1


PLAIN_STRINGS = """
import sys
from pathlib import Path
from tests.unit.helpers import build_texts, texts_of
corpus = build_texts(Path(sys.argv[1]), ["A B", "C", "D E f", "G", "H I"], [{"use": "tests.unit.plugins:Lower"}])
print(texts_of(corpus))
"""


def test_a_rewriter_may_return_plain_strings(tmp_path):
    """`pa.array(list_of_strings)` is what anyone would write; in a process of its own, for it may crash this one."""
    done = subprocess.run(
        [sys.executable, "-c", PLAIN_STRINGS, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "['a b', 'c', 'd e f', 'g', 'h i']\n"), done.stderr[-600:]


def test_a_line_filter(tmp_path):
    """A plug-in sees lines as the rules of the catalogue do."""
    corpus = build_texts(tmp_path, ["a\nb\n\nc\nd", "only"], [use("OddLines")])
    assert texts_of(corpus) == ["a\nc", "only"]
    [[flow]] = flows_of(corpus)
    assert (flow.words_in, flow.dropped, flow.words_out) == (5, 2, 3)


def test_an_augmenter(tmp_path):
    """Derived documents say what they came from, and their words are added, not read."""
    steps = [
        {"use": "normalize.whitespace"},
        use("Echo"),
        {"use": "filter.word_count", "min_words": 2},
        {"use": "dedup.exact"},
    ]
    corpus = build_texts(tmp_path, ["a  b", "silence", "c"], steps)
    assert sorted(texts_of(corpus)) == ["a b", "echo a b", "echo c"]
    rows = ledger_of(corpus)
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows) == 9
    derived = [row for row in rows if row["born"] == "Echo"]
    assert {row["origin"] for row in derived} == {"rule:echo"}
    assert sorted(by_id[row["parent"]]["position"] for row in derived) == [1, 1, 2, 2, 3, 3]
    assert [row["words_read"] for row in derived] == [0] * 6
    assert [(row["step"], row["words"]) for row in derived if by_id[row["parent"]]["position"] == 2] == [
        ("Echo", 0)
    ] * 2
    flows = [flow for [flow] in flows_of(corpus)]
    assert [(flow.words_in, flow.added, flow.dropped, flow.words_out) for flow in flows] == [
        (4, 0, 0, 4),
        (4, 10, 0, 14),
        (14, 0, 2, 12),
        (12, 0, 5, 7),
    ]
    assert corpus.lock["sources"][0]["words_read"] == 4


@pytest.mark.parametrize("select", [[], [{"use": "select.order", "by": "source"}], [{"use": "select.order"}]], ids=str)
def test_an_augmenter_does_not_make_the_corpus_depend_on_batch_size(tmp_path, select):
    """`--batch-size` never changes the corpus, not even the order of its documents."""
    found = []
    for size in (1, 2, 1000):
        corpus = build_texts(
            tmp_path, ["a b", "c d", "e f", "g h"], [use("Echo")], select,
            batch_rows=size, cache=tmp_path / f"c{size}", out=f"o{size}",
        )  # fmt: skip
        found.append((texts_of(corpus), corpus.digest))
    assert found[1:] == found[:-1]


def test_a_deduplicator_and_a_selector(tmp_path):
    """The global kinds can come from outside too."""
    corpus = build_texts(tmp_path, ["a", "b", "c"], [use("FirstOfSource")], [use("Backwards")])
    assert texts_of(corpus) == ["a"]
    assert {row["kept_instead"] for row in ledger_of(corpus) if row["step"]} == {rows_of(corpus)[0]["id"]}
    corpus = build_texts(tmp_path, ["a", "b", "c"], [], [use("Backwards")], out="other", force=True)
    assert texts_of(corpus) == ["c", "b", "a"]


@pytest.mark.parametrize("name", ["Breaks", "WrongShape", "BreaksLate"])
def test_a_plug_in_that_fails_is_named(tmp_path, name):
    """Its author, who is the user, must see which step it was; the folder stays as it was."""
    with pytest.raises(StepError) as caught:
        build_texts(tmp_path, ["a"], [use(name)])
    assert caught.value.where == name
    assert not (tmp_path / "out").exists()


def test_a_plug_in_that_is_unfinished_is_a_mistake_of_the_user(tmp_path):
    """A class without its method is no bug of curate."""
    with pytest.raises(CurateError, match="measure"):
        build_texts(tmp_path, ["a"], [use("Unfinished")])
