"""Text without a build: counted as it is, compressed or not, against the same rules."""

import bz2
import gzip
import json
import lzma

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from curation.audit import plain
from curation.audit.files import audit_files
from curation.audit.plain import source_name
from curation.core.errors import SourceError
from tests.unit.audit.tampering import PARSER, profile_of

TEXT = "= = = title = = =\n*MOT: look !\n\n*CHI: a duck \u00a0 there\u2028and there\n"
WORDS = len(TEXT.split())


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", lambda raw: zstandard.compress(raw) + zstandard.compress(b"two more")),
    ],
)
def test_every_form_of_a_file(tmp_path, suffix, pack):
    """The words are those of `str.split`, whatever the file is packed with; a last line needs no newline."""
    path = tmp_path / f"childes.train{suffix}"
    path.write_bytes(pack(TEXT.encode()))
    words = WORDS + 2 * (suffix == ".zst")
    verdict = audit_files([path], profile_of(words))
    assert (verdict.status, verdict.words, verdict.kind) == ("holds", words, "files")
    assert [(source.name, source.words, source.by_origin) for source in verdict.sources] == [
        ("childes", words, {"not stated": words})
    ]
    verdict = audit_files([path], profile_of(words - 1))
    assert (verdict.exit_code, verdict.finding("budget").amount) == (1, 1)
    assert verdict.findings[0].rule == "budget"


def test_tables_with_text(tmp_path):
    """Submissions are often Parquet or JSON lines: their `text` is counted, not their form."""
    pq.write_table(pa.table({"text": [TEXT, None, "two more"], "other": [1, 2, 3]}), tmp_path / "a.parquet")
    lines = [json.dumps({"text": TEXT, "more": "x y"}), "", json.dumps({"text": "two more"})]
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    for name in ("a.parquet", "b.jsonl.gz"):
        assert audit_files([tmp_path / name], None).words == WORDS + 2
    (tmp_path / "c.jsonl").write_text('{"content": "x"}\n')
    (tmp_path / "d.jsonl").write_text("no json\n")
    pq.write_table(pa.table({"content": ["x"]}), tmp_path / "e.parquet")
    for name in ("c.jsonl", "d.jsonl", "e.parquet"):
        with pytest.raises(SourceError, match="cannot be read"):
            audit_files([tmp_path / name], None)


def test_a_file_of_one_line(tmp_path, monkeypatch):
    """Lost line breaks must not cost memory, and must not split a word."""
    monkeypatch.setattr(plain, "_BLOCK", 7)
    monkeypatch.setattr(plain, "_LONGEST", 20)
    path = tmp_path / "a.train"
    for text in (" ".join(f"word{number}" for number in range(500)), "x" * 100, "\n\na b\n" * 9, "end \n", ""):
        path.write_text(text)
        assert audit_files([path], None).words == len(text.split())


def test_without_rules_nothing_is_judged(tmp_path):
    """Only what needs no rule."""
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    verdict = audit_files([path], None)
    assert (verdict.status, verdict.finding("budget").status, verdict.profile) == ("holds", "not_checked", "")


def test_held_out_files_do_not_count_and_must_not_overlap(tmp_path):
    """`dev` and `test` are told by their names; `developer.train` is not one of them."""
    long = " ".join(f"word{number}" for number in range(30))
    for name, text in (
        ("developer.train", f"{long}\nshort line\n"), ("a.dev", "short line\n" * 9), ("b_test.txt", f"  {long}\n"),
    ):  # fmt: skip
        (tmp_path / name).write_text(text)
    paths = [tmp_path / name for name in ("developer.train", "a.dev", "b_test.txt")]
    verdict = audit_files(paths[:2], profile_of(32))
    assert (verdict.status, verdict.words) == ("holds", 32)
    verdict = audit_files(paths, profile_of(32))
    found = verdict.finding("splits")
    assert (verdict.status, found.amount, found.documents) == ("broken", 30, ("b_test.txt (30 of 30 words)",))


def test_the_same_file_twice(tmp_path):
    """Packed differently, and still the same text."""
    (tmp_path / "a.train").write_text(TEXT)
    (tmp_path / "b.train.gz").write_bytes(gzip.compress(TEXT.encode()))
    found = audit_files([tmp_path / "a.train", tmp_path / "b.train.gz"], None).finding("repeated_text")
    assert (found.status, found.documents) == ("broken", ("b.train.gz is a.train",))


def test_two_files_of_one_name_keep_their_paths(tmp_path):
    """`a/childes.train` and `b/childes.train` are two sources."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "childes.train").write_text(f"{folder} text")
    verdict = audit_files([tmp_path / "a" / "childes.train", tmp_path / "b" / "childes.train"], None)
    assert len(verdict.sources) == 2
    assert source_name(tmp_path / ".hidden") == ".hidden"


def test_what_cannot_be_counted_is_not_guessed(tmp_path):
    """Bytes that are no UTF-8, a damaged archive, a file that is not there."""
    path = tmp_path / "a.train"
    path.write_bytes(b"one line\nbroken \xff here\n")
    verdict = audit_files([path], profile_of(10))
    assert (verdict.status, verdict.exit_code) == ("unknown", 2)
    assert verdict.finding("encoding").documents == ("a.train:2",)
    (tmp_path / "b.train.zst").write_bytes(zstandard.compress(TEXT.encode())[:-9])
    for name in ("b.train.zst", "missing.train"):
        with pytest.raises(SourceError, match="cannot be read"):
            audit_files([tmp_path / name], None)


def test_models_that_a_user_declares(tmp_path):
    """Somebody else's submission, with what is known of how it was made."""
    from curation.core.auxiliary import AuxiliaryModel

    path = tmp_path / "a.train"
    path.write_text(TEXT)
    verdict = audit_files([path], profile_of(WORDS + 99), models=[AuxiliaryModel.model_validate(PARSER)])
    assert verdict.finding("budget").amount == 1
    assert audit_files([path], profile_of(WORDS)).finding("auxiliary_models").status == "not_checked"
