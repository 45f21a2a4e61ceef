"""What is wrong is said in one readable message with its place: exit code 2, never a traceback."""

# ruff: noqa: E501  (the cases are a table, a row a line)
from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

WORDS = [{"use": "select.word_budget", "words": 3}]
GOOD = "one two three four five\n"
LONG = 300 << 20


@dataclass
class Case:
    """A bad input: how to make it, its source, what the message says, and what the ledger says under skip."""

    file: str
    data: bytes
    source: dict[str, Any]
    says: tuple[str, ...]
    reason: str = ""
    rows: int = 1
    kept: int = 0
    name: str = field(default="bad")


def _lines(*lines: Any) -> bytes:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()


def _noise(size: int) -> bytes:
    """Return text lines that do not compress to nothing."""
    return b"".join(b"%d words %d of %d text\n" % (n * 7919 % 10007, n, n * n % 8191) for n in range(size // 24))


_GZ = gzip.compress(_noise(3 << 20), mtime=0)
CASES = {
    "invalid UTF-8": Case("a.txt", b"good one\nbad \xff here\nlast one\n", {"documents": "line"}, ("a.txt:2", "byte 5", "0xff"), "byte 5 of line 2", kept=2),
    "invalid UTF-8 in a file": Case("a.txt", b"good one\nbad \xff here\n", {}, ("a.txt:2", "byte 5"), "byte 5 of line 2"),
    "cut UTF-8 at the end": Case("a.txt", "good\ncaf\u00e9".encode()[:-1], {"documents": "line"}, ("a.txt:2", "UTF-8"), "byte 4", kept=1),
    "a surrogate": Case("a.txt", b"a\n\xed\xa0\x80 b\n", {"documents": "line"}, ("a.txt:2",), "not UTF-8", kept=1),
    "invalid UTF-8 in CSV": Case("a.csv", b"text\ngood\nbad \xff here\nlast\n", {"use": "source.csv"}, ("a.csv:3", "utf-8"), "utf-8", kept=2),
    "invalid UTF-8 in JSON": Case("a.jsonl", b'{"text": "a"}\n{"text": "\xff"}\n', {}, ("a.jsonl:2",), "not JSON", kept=1),
    "truncated gzip": Case("a.txt.gz", _GZ[: len(_GZ) * 2 // 3], {"documents": "line"}, ("a.txt.gz", "cut short", "bytes"), "cut short"),
    "damaged gzip": Case("a.txt.gz", _GZ[:5000] + b"\0" * 40 + _GZ[5040:], {"documents": "line"}, ("a.txt.gz", "damaged"), "damaged"),
    "no gzip": Case("a.txt.gz", b"plain text\n", {}, ("a.txt.gz", "damaged"), "damaged"),
    "truncated zstd": Case("a.txt.zst", b"", {"documents": "line"}, ("a.txt.zst", "cut short", "bytes"), "cut short"),
    "an empty file": Case("a.txt", b"", {}, ("a.txt", "holds no document"), "holds no document"),
    "an empty JSON file": Case("a.jsonl", b"", {}, ("a.jsonl", "holds no document"), "holds no document"),
    "an empty gzip": Case("a.txt.gz", gzip.compress(b"", mtime=0), {}, ("a.txt.gz", "holds no document"), "holds no document"),
    "a file of white space": Case("a.txt", b"\n \n\n", {}, ("a.txt", "holds no document"), "holds no document"),
    "a byte order mark alone": Case("a.txt", b"\xef\xbb\xbf", {}, ("a.txt", "holds no document"), "holds no document"),
    "an empty CSV": Case("a.csv", b"", {"use": "source.csv"}, ("a.csv", "holds no document"), "holds no document"),
    "a CSV of a header": Case("a.csv", b"text\n", {"use": "source.csv"}, ("a.csv", "holds no document"), "holds no document"),
    "a missing key": Case("a.jsonl", _lines({"text": "a"}, {"txt": "b"}), {}, ("a.jsonl:2", "no field 'text'", "did you mean 'txt'"), "no field 'text'", kept=1),
    "a wrong type": Case("a.jsonl", _lines({"text": "a"}, {"text": 5}), {}, ("a.jsonl:2", "must be a string", "int"), "must be a string", kept=1),
    "a null": Case("a.jsonl", _lines({"text": "a"}, {"text": None}), {}, ("a.jsonl:2", "must be a string", "NoneType"), "must be a string", kept=1),
    "no object": Case("a.jsonl", _lines({"text": "a"}, "[1]", "3"), {}, ("a.jsonl:2", "a JSON object is expected"), "object is expected", rows=2, kept=1),
    "no JSON": Case("a.jsonl", _lines({"text": "a"}, '{"text": "b"'), {}, ("a.jsonl:2", "not JSON", "column"), "not JSON", kept=1),
    "a lone surrogate in JSON": Case("a.jsonl", _lines({"text": "a"}, '{"text": "\\ud800"}'), {}, ("a.jsonl:2", "not JSON"), "not JSON", kept=1),
    "duplicate ids": Case(
        "a.jsonl", _lines(*({"text": f"t {i}", "id": i} for i in (1, 2, 1))), {"id_field": "id"},
        ("a.jsonl:3", "'1'", "already used", "a.jsonl:1"), "already used (a.jsonl:1)", kept=2,
    ),
    "a missing id": Case("a.jsonl", _lines({"text": "a", "id": 1}, {"text": "b"}), {"id_field": "id"}, ("a.jsonl:2", "no field 'id'"), "no field 'id'", kept=1),
    "null ids": Case("a.jsonl", _lines({"text": "a", "id": None}, {"text": "b", "id": 1}), {"id_field": "id"}, ("a.jsonl:1", "id"), "id", kept=1),
    "a CSV row too long": Case("a.csv", b"text,n\na,1\nb,2,3\n", {"use": "source.csv"}, ("a.csv:3", "3 fields"), "3 fields", kept=1),
    "an open quote": Case("a.csv", b'text,n\na,1\n"b,2\n', {"use": "source.csv"}, ("a.csv:", "CSV"), "CSV", kept=1),
    "no Parquet": Case("a.parquet", b"PAR1 and then nothing", {"use": "source.parquet"}, ("a.parquet", "not a whole Parquet file"), "Parquet"),
    "an unknown column": Case("a.csv", b"txt\na\n", {"use": "source.csv"}, ("a.csv:1", "no column 'text'", "did you mean 'txt'"), "no column"),
    "a long document": Case("a.txt", b"short one\n" + b"x" * 5000 + b"\nlast\n", {"documents": "line", "max_document_bytes": 1024}, ("a.txt:2", "longer than 1,024 bytes"), "longer than", kept=2),
    "a long JSON line": Case("a.jsonl", _lines({"text": "a"}, {"text": "x" * 5000}, {"text": "b"}), {"max_document_bytes": 1024}, ("a.jsonl:2", "longer than 1,024"), "longer than", kept=2),
    "a long CSV field": Case("a.csv", b"text\na\n" + b"x" * 5000 + b"\nb\n", {"use": "source.csv", "max_document_bytes": 1024}, ("a.csv:3", "limit"), "limit", kept=2),
}  # fmt: skip
_BY_SUFFIX = {".jsonl": "source.jsonl"}


@pytest.fixture
def bad(request, tmp_path, make, write_manifest):
    """Return a case, its file and a good file written, and a function that writes its manifest."""
    case = CASES[request.param]
    data = case.data
    if request.param == "truncated zstd":
        make.zstd(tmp_path / case.file, _noise(3 << 20))
        data = (tmp_path / case.file).read_bytes()
        data = data[: len(data) * 2 // 3]
    (tmp_path / case.file).write_bytes(data)
    (tmp_path / "good.txt").write_text(GOOD, encoding="utf-8")
    use = _BY_SUFFIX.get(Path(case.file).suffix, "source.text")

    def write(on_error: str) -> None:
        source = {"name": "bad", "use": use, "path": case.file, **case.source, "on_error": on_error}
        good = {"name": "good", "use": "source.text", "path": "good.txt"}
        write_manifest(tmp_path / "m.yaml", name="x", sources=[source, good], steps=[], select=None)

    return case, tmp_path, write


def _refused(run, *says):
    """Check the form of a refusal: one message, its parts, no traceback."""
    assert run.code == 2
    assert "Traceback" not in run.err
    assert run.err.count("error ") >= 1
    assert all(part in run.err for part in says), run.err
    return run


@pytest.mark.parametrize("bad", list(CASES), indirect=True)
def test_bad_input_is_named_with_its_place(bad, cli, look):
    """The default is to stop: the message says file and line, and nothing is left half-written."""
    case, folder, write = bad
    write("fail")
    _refused(cli("build", "m.yaml", cwd=folder, code=None), *case.says)
    assert not (folder / "build/x").exists()
    assert look.left_over(folder) == []


@pytest.mark.parametrize("bad", [name for name in CASES if name != "an unknown column"], indirect=True)
def test_bad_input_is_skipped_with_a_row(bad, cli):
    """With on_error: skip the rest is built, and the ledger says what was left out and why."""
    case, folder, write = bad
    write("skip")
    run = cli("build", "m.yaml", cwd=folder)
    rows = [row for row in pq.read_table(folder / "build/x/ledger.parquet").to_pylist() if row["source"] == "bad"]
    unreadable = [row for row in rows if row["step"] == "unreadable"]
    assert len(unreadable) == case.rows
    assert all(case.reason in row["reason"] for row in unreadable)
    assert all(row["taken"] == 0 for row in unreadable)
    lock = json.loads((folder / "build/x/corpus.lock").read_text(encoding="utf-8"))
    source = lock["sources"][0]
    assert source["documents_unreadable"] == case.rows
    if "cut short" not in case.reason and "damaged" not in case.reason:  # of which some documents may be whole
        assert source["documents"] == case.kept
    assert lock["sources"][1]["words"] == 5
    assert "could not be read" in run.out


# Fine input that looks bad ------------------------------------------------------------------------------------------


def test_odd_characters_in_json_are_text(tmp_path, cli, write_manifest):
    """U+2028, NUL, CRLF and a byte order mark are no ends of lines and no errors."""
    texts = ["one\u2028two", "a\u0000b c", "x\u0085y", "caf\u00e9 \U0001f600", "\ufeffinside"]
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\r\n" for text in texts)
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.encode() + b"\r\n  \n")
    source = {"name": "a", "use": "source.jsonl", "path": "a.jsonl"}
    write_manifest(tmp_path / "m.yaml", name="x", sources=[source], steps=[], select=None)
    cli("build", "m.yaml", cwd=tmp_path)
    rows = pq.read_table(tmp_path / "build/x/data/corpus-00000.parquet").to_pylist()
    assert [row["text"] for row in rows] == texts
    assert [row["words"] for row in rows] == [len(text.split()) for text in texts]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_other_encodings(tmp_path, cli, write_manifest, encoding):
    """Old text is not always UTF-8; with `encoding:` it is read as it was meant, also when it is long."""
    lines = [f"caf\u00e9 \u00fcber num\u00e9ro {number} " + "mot " * 20 for number in range(40_000)]
    (tmp_path / "a.txt").write_bytes("".join(line + "\n" for line in lines).encode(encoding))
    source = {"name": "a", "use": "source.text", "path": "a.txt", "documents": "line", "encoding": encoding}
    write_manifest(tmp_path / "m.yaml", name="x", sources=[source], steps=[], select=None)
    cli("build", "m.yaml", cwd=tmp_path)
    texts = pq.read_table(tmp_path / "build/x/data").column("text").to_pylist()
    assert [text.rstrip() for text in texts] == [line.rstrip() for line in lines]


# Paths --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("nothing.txt", ("no such file", "nothing.txt")),
        ("god.txt", ("no such file", "did you mean 'good.txt'")),
        ("folder", ("is a folder, not a file", "folder/*")),
        ("", ("is a folder",)),
        ("*.train", ("no file matches",)),
        ("folder/**/*.txt", ("no file matches",)),
        ("${NOT_SET_ANYWHERE}/a.txt", ("NOT_SET_ANYWHERE", "not set")),
        ("~nobody-of-this-name/a.txt", ("~nobody-of-this-name",)),
        ("a\0b", ("path",)),
        ("x" * 300, ("name too long",)),
        ("package://no_such_package/a.txt", ("no_such_package", "not installed")),
        ("package://curation/../../secret.txt", ("leads out of the package",)),
        ("nosuchscheme://host/a.txt", ("cannot be reached", "nosuchscheme")),
    ],
)
def test_paths_that_lead_nowhere(tmp_path, cli, write_manifest, path, says):
    """A path that cannot be used is shown as it was written, with what was looked for."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "good.txt").write_text(GOOD, encoding="utf-8")
    source = {"name": "a", "use": "source.text", "path": path}
    write_manifest(tmp_path / "m.yaml", name="x", sources=[source], steps=[], select=WORDS)
    run = cli("build", "m.yaml", cwd=tmp_path, code=None)
    _refused(run, *(() if "name too long" in says else says))
    if "name too long" in says:
        assert "name too long" in run.err.lower()


def test_a_fifo_is_no_file(tmp_path, cli, write_manifest):
    """A named pipe can be read once and waits for ever: it is refused, not opened."""
    os.mkfifo(tmp_path / "pipe.txt")
    write_manifest(
        tmp_path / "m.yaml", sources=[{"name": "a", "use": "source.text", "path": "pipe.txt"}], steps=[], select=None
    )
    try:
        run = cli("build", "m.yaml", cwd=tmp_path, code=None, timeout=20)
    except subprocess.TimeoutExpired:
        pytest.fail("the build waits for a writer")
    _refused(run, "pipe.txt")


@pytest.mark.skipif(os.getuid() == 0, reason="root may read every file")
def test_an_unreadable_file(tmp_path, cli, write_manifest):
    """A file that may not be read is named before anything is done."""
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    (tmp_path / "a.txt").chmod(0)
    write_manifest(
        tmp_path / "m.yaml", sources=[{"name": "a", "use": "source.text", "path": "a.txt"}], steps=[], select=None
    )
    _refused(cli("build", "m.yaml", cwd=tmp_path, code=None), "a.txt", "Permission denied")


def test_every_missing_source_is_listed(tmp_path, cli, write_manifest):
    """Someone with three wrong paths should mend them at once."""
    sources = [{"name": f"s{n}", "use": "source.text", "path": f"missing-{n}.txt"} for n in range(3)]
    write_manifest(tmp_path / "m.yaml", sources=sources, steps=[], select=None)
    _refused(cli("build", "m.yaml", cwd=tmp_path, code=None), *(f"missing-{n}.txt" for n in range(3)), "3 sources")


def test_a_wrong_sha256_or_word_count(place, cli, write_manifest):
    """A manifest that pins its inputs notices another file."""
    source = {"name": "a", "use": "source.jsonl", "path": "data/stories.jsonl"}
    write_manifest(place / "m.yaml", sources=[{**source, "sha256": "0" * 64}])
    _refused(cli("build", "m.yaml", cwd=place, code=None), "stories.jsonl", "SHA-256", "0" * 64)
    write_manifest(place / "m.yaml", sources=[{**source, "words": 7}])
    _refused(cli("build", "m.yaml", cwd=place, code=None), "sources[0] (a)", "the manifest expects 7")


# Manifests ----------------------------------------------------------------------------------------------------------

_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)
)
_SOURCE = "sources:\n  - {name: a, use: source.text, path: good.txt}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_LAUGHS, ("m.yaml:2", "aliases")),
        ("name: x\nname: y\n" + _SOURCE, ("m.yaml:2", "'name' stands twice")),
        (_SOURCE + "steps:\n  - use: filter.word_count\n    min_words: 1\n    min_words: 2\n", ("m.yaml:6", "stands twice")),
        ("name: [x\n", ("m.yaml:", "not valid YAML")),
        ("- a\n- b\n", ("must be a mapping",)),
        ("", ("must be a mapping",)),
        ("name: \x01\n", ("m.yaml", "not valid YAML")),
        ("[" * 5000, ("m.yaml", "not valid YAML")),
        ("name: !!python/object/apply:os.system [ls]\n", ("m.yaml:1", "not valid YAML")),
        ("1: 2\n", ("m.yaml:1", "is not text")),
        ("name: x\n", ("at least one source",)),
        ("name: ../up\n" + _SOURCE, ("'../up' cannot be a folder name",)),
        ("nme: x\n" + _SOURCE, ("nme", "unknown key", "did you mean 'name'")),
        (_SOURCE + "steps:\n  - use: filter.word_cont\n", ("steps[0].use", "did you mean 'filter.word_count'")),
        (_SOURCE + "steps:\n  - {use: filter.word_count, min_word: 3}\n", ("steps[0].min_word", "unknown setting", "did you mean 'min_words'")),
        (_SOURCE + "steps:\n  - {use: filter.word_count, min_words: many}\n", ("steps[0].min_words", "'many'")),
        (_SOURCE + "steps:\n  - {use: filter.word_count, min_words: -1}\n", ("steps[0].min_words", "-1")),
        (_SOURCE + "steps:\n  - {use: filter.gopher, word_cont: null}\n", ("steps[0].word_cont", "did you mean 'word_count'")),
        (_SOURCE + "steps:\n  - {use: source.text, path: good.txt}\n", ("steps[0].use", "belongs under `sources:`")),
        (_SOURCE + "steps:\n  - {use: 'no_such_module:Step'}\n", ("steps[0].use", "cannot import 'no_such_module'")),
        (_SOURCE + "steps:\n  - {use: 'json:JSONDecoder'}\n", ("steps[0].use", "is not a step")),
        (_SOURCE + "steps:\n  - {use: dedup.exact}\n  - {use: dedup.exact}\n", ("steps[1]", "two entries are named 'exact'")),
        (_SOURCE + "steps: {word_count: {min_words: 3}}\n", ("steps", "must be a list")),
        (_SOURCE + "select:\n  - {use: select.order, by: word_cont}\n", ("select[0].by", "not a filter step")),
        (_SOURCE + "extends: nothing.yaml\n", ("nothing.yaml", "no such manifest")),
        (_SOURCE + "extends: m.yaml\n", ("in a circle",)),
        (_SOURCE + "seed: many\n", ("seed", "whole number")),
        (_SOURCE + "output: {shard_words: 5}\n", ("output.shard_words", "5")),
    ],
)  # fmt: skip
def test_manifests_that_cannot_be_used(tmp_path, cli, text, says):
    """A manifest is refused with the place in it and what is allowed there."""
    (tmp_path / "good.txt").write_text(GOOD, encoding="utf-8")
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    _refused(cli("build", "m.yaml", cwd=tmp_path, code=None, timeout=30), *says)


def test_every_problem_of_a_manifest_is_listed(tmp_path, cli):
    """A manifest with five mistakes is mended in one go."""
    whole = {
        "name": "Not A Name",
        "sources": [{"name": "a", "use": "source.text", "path": "good.txt", "quota": "200%"}, {"use": "source.txt"}],
        "steps": [{"use": "filter.word_count", "min_wrds": 1}, {"use": "dedup.minhsh"}],
        "select": [{"use": "select.word_budget", "words": 0}],
    }
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    run = cli("build", "m.yaml", cwd=tmp_path, code=None)
    places = ("- name:", "sources[0].quota", "sources[1].use", "steps[0].min_wrds", "steps[1].use", "select[0].words")
    _refused(run, "6 problems", *places)


def test_a_manifest_that_does_not_exist(tmp_path, cli):
    """A wrong name of a manifest is answered with those that ship."""
    _refused(cli("build", "quickstrt", cwd=tmp_path, code=None), "no such manifest", "did you mean 'quickstart'")
    _refused(cli("build", ".", cwd=tmp_path, code=None), "is a folder")
    (tmp_path / "m.yaml").write_bytes(b"name: \xff\n")
    _refused(cli("build", "m.yaml", cwd=tmp_path, code=None), "m.yaml", "is not UTF-8 text (byte 6)")


# Budgets ------------------------------------------------------------------------------------------------------------


def test_a_quota_above_what_a_source_holds(place, built, cli, look):
    """Which source is short, and by how many words: the number that a person needs."""
    text = (place / "m.yaml").read_text(encoding="utf-8").replace("quota: 8000", "quota: 50000")
    (place / "m.yaml").write_text(text, encoding="utf-8")
    run = _refused(cli("build", "m.yaml", cwd=place, code=None), "talk: short by", "asked for 50,000")
    left = sum(row["words"] for row in built.ledger if row["source"] == "talk" and row["step"] in {None, "word_budget"})
    assert f"short by {50_000 - left:,} words" in run.err
    assert not (place / "build/sample").exists()
    assert look.left_over(place) == []


def test_a_budget_above_everything(place, cli, write_manifest):
    """Impossible budgets name every group that is short."""
    write_manifest(place / "m.yaml", select=[{"use": "select.word_budget", "words": 10**12}])
    _refused(
        cli("build", "m.yaml", cwd=place, code=None),
        "not enough words",
        "stories + notes + lines: short by",
        "table: short by",
    )


def test_quotas_that_cannot_add_up(place, cli, write_manifest):
    """Quotas beyond the budget are refused before anything is read."""
    write_manifest(place / "m.yaml", select=[{"use": "select.word_budget", "words": 8000}])
    _refused(cli("build", "m.yaml", cwd=place, code=None), "the quotas add up to 8,800 words, the budget is 8,000")
    assert not (place / "build/.curate-cache/slices").exists()


# The output folder --------------------------------------------------------------------------------------------------


def test_output_folder_that_is_a_file(place, cli):
    """A file is never replaced by a folder, not even by --force."""
    (place / "out").write_text("mine", encoding="utf-8")
    for more in ([], ["--force"]):
        _refused(cli("build", "m.yaml", "--out", "out", *more, cwd=place, code=None), "out: is a file")
    assert (place / "out").read_text(encoding="utf-8") == "mine"


def test_output_folder_that_is_not_empty(place, cli, look):
    """Somebody's folder is replaced only with --force."""
    (place / "out").mkdir()
    (place / "out/thesis.txt").write_text("mine", encoding="utf-8")
    _refused(
        cli("build", "m.yaml", "--out", "out", cwd=place, code=None), "is not empty and holds no corpus", "--force"
    )
    assert (place / "out/thesis.txt").exists()
    cli("build", "m.yaml", "--out", "out", "--force", cwd=place)
    assert not (place / "out/thesis.txt").exists()
    assert (place / "out/corpus.lock").exists()
    assert look.left_over(place) == []


def test_an_empty_output_folder_is_fine(place, cli):
    """A folder made beforehand, as on a cluster, is no obstacle."""
    (place / "out").mkdir()
    cli("build", "m.yaml", "--out", "out", cwd=place)
    assert (place / "out/corpus.lock").exists()


def test_output_folder_of_another_corpus(place, cli, write_manifest, look):
    """One corpus does not silently replace another."""
    cli("build", "m.yaml", "--out", "out", cwd=place)
    before = look.digests(place / "out")
    write_manifest(place / "m.yaml", name="other")
    _refused(
        cli("build", "m.yaml", "--out", "out", cwd=place, code=None),
        "holds the corpus 'sample', this manifest is 'other'",
    )
    assert look.digests(place / "out") == before
    cli("build", "m.yaml", "--out", "out", "--force", cwd=place)
    assert json.loads((place / "out/corpus.lock").read_text(encoding="utf-8"))["name"] == "other"


def test_a_damaged_lock_in_the_output_folder(place, cli):
    """A folder whose lock was damaged is treated as no corpus: refused, replaced with --force."""
    for number, text in enumerate(("{", '{"lock_version": 1, "name": "sample"}', '{"lock_version": 99}', "[]")):
        (place / f"out{number}").mkdir()
        (place / f"out{number}/corpus.lock").write_text(text, encoding="utf-8")
        run = cli("build", "m.yaml", "--out", f"out{number}", cwd=place, code=None)
        assert "Traceback" not in run.err, text
        assert run.code in {0, 2}


# Plug-ins that fail -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "says"), [("Fails", "Fails: failed with KeyError: 'a bug in the plug-in'"), ("Dies", "a worker process died")])  # fmt: skip
def test_a_plugin_that_fails(place, cli, plugin, write_manifest, look, step, says):
    """A bug in a plug-in names the step; the traceback comes with -v."""
    write_manifest(place / "m.yaml", steps=[{"use": f"slow_steps:{step}"}])
    _refused(cli("build", "m.yaml", "-j", 2, cwd=place, env=plugin.env, code=None), says)
    assert not (place / "build/sample").exists()
    assert "Traceback" in cli("build", "m.yaml", "-j", 2, "-v", cwd=place, env=plugin.env, code=2).err
    write_manifest(place / "m.yaml")
    cli("build", "m.yaml", cwd=place)
    assert look.left_over(place) == []


# Limits of the machine ----------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a disk of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("what", ["the corpus", "the cache"])
def test_a_full_disk(place, cli, look, small_disk, what, built):
    """A disk that runs full is said to be full; with room again the same command ends well."""
    (small_disk / "ballast").write_bytes(b"x" * (700 << 10))
    args = (
        ["--out", small_disk / "out", "--cache", place / "c"]
        if what == "the corpus"
        else ["--out", place / "out", "--cache", small_disk / "c"]
    )
    run = _refused(cli("build", "m.yaml", *args, cwd=place, code=None), "the disk is full", "free some space")
    assert "run the same command again" in run.err
    assert look.left_over(place) == []
    assert not Path(args[1]).exists()
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    cli("build", "m.yaml", *args, cwd=place)
    assert look.digests(Path(args[1])) == look.digests(built.corpus)


def test_a_limit_on_file_size(place, cli, look, built):
    """A write that fails in another way (ulimit -f) is an error of the output too."""
    for out, cache in (("out", "c1"), ("out2", "c2")):
        limited = ("bash", "-c", 'ulimit -f 40; exec "$@"', "bash")
        if out == "out2":
            cli("build", "m.yaml", "--out", "warm", "--cache", cache, cwd=place)
        run = cli("build", "m.yaml", "--out", out, "--cache", cache, cwd=place, code=None, prefix=limited)
        _refused(run, "cannot write")
        assert not (place / out).exists()
        assert look.left_over(place) == []
        cli("build", "m.yaml", "--out", out, "--cache", cache, cwd=place)
        assert look.digests(place / out) == look.digests(built.corpus)


_MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def _huge(path: Path, make: Any) -> None:
    """Write a short document, one of 300 MB without a line end, and a short one."""
    before, after = {
        ".jsonl": (b'{"text": "first one"}\n{"text": "', b'"}\n{"text": "last one"}\n'),
        ".csv": (b"text\nfirst one\n", b"\nlast one\n"),
    }.get(path.suffix, (b"first one\n", b"\nlast one\n"))
    block = b"word " * (1 << 18)
    count = LONG // len(block)
    if path.suffix == ".zst":
        make.zstd(path, before + block * count + after)
        return
    with gzip.open(path, "wb", 1) if path.suffix == ".gz" else path.open("wb") as handle:
        handle.write(before)
        for _ in range(count):
            handle.write(block)
        handle.write(after)


@pytest.mark.slow
@pytest.mark.parametrize("file", ["a.txt", "a.jsonl", "a.csv", "a.txt.gz", "a.txt.zst"])
@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_a_line_of_300_mb_does_not_fill_the_memory(tmp_path, cli, write_manifest, make, file, on_error):
    """A broken file of one endless line is refused, or passed over, in bounded memory."""
    _huge(tmp_path / file, make)
    use = {"jsonl": "source.jsonl", "csv": "source.csv"}.get(file.split(".")[-1], "source.text")
    more = {} if use != "source.text" else {"documents": "line"}
    source = {"name": "a", "use": use, "path": file, "on_error": on_error, **more}
    write_manifest(tmp_path / "m.yaml", name="x", sources=[source], steps=[], select=None)
    # A process starts with the peak of the one that made it, so a small one stands between this one and the build.
    child = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(cli.command), "build", "m.yaml", "-q", "-j", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    said = child.stderr
    assert "Traceback" not in said
    peak = int(child.stdout) / 1024
    assert peak < 700, f"{peak:.0f} MiB"
    if on_error == "fail":
        assert child.returncode == 2
        assert f"{file}:{3 if use == 'source.csv' else 2}" in said
    else:
        assert child.returncode == 0, said
        rows = pq.read_table(tmp_path / "build/x/ledger.parquet").to_pylist()
        assert [(row["step"], row["taken"]) for row in sorted(rows, key=lambda row: row["position"])] == [
            (None, 2),
            ("unreadable", 0),
            (None, 2),
        ]
