"""A corpus is built, counted by outsiders, opened by others, reproduced."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter

import pyarrow.parquet as pq
import pytest
import yaml

BUDGET, NESTED = 60_000, 10_000
DOCUMENTS = {"stories": 1200, "talk": 400, "notes": 500, "table": 300, "lines": 600}
_NO_NETWORK = """
import socket
from pathlib import Path

def refuse(self, address):
    if self.family == socket.AF_UNIX:
        return real(self, address)
    Path(__file__).with_name("tried").write_text(repr(address))
    raise OSError("no network in this test")

real = socket.socket.connect
socket.socket.connect = refuse
"""


# Counting -----------------------------------------------------------------------------------------------------------


def test_wc_counts_exactly_the_budget(built):
    """The promise of the suite is a number that the challenge's own tool counts."""
    command = 'cat "$1"/text/*.train | wc -w'
    done = subprocess.run(
        ["sh", "-c", command, "sh", built.corpus],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == BUDGET


def test_python_counts_exactly_the_budget(built):
    """The definition of a word is len(text.split()), whoever reads the Parquet files."""
    rows = built.documents
    assert sum(len(row["text"].split()) for row in rows) == BUDGET
    assert all(row["words"] == len(row["text"].split()) > 0 for row in rows)
    subset = [row for file in (built.corpus / f"subsets/{NESTED}").glob("*") for row in pq.read_table(file).to_pylist()]
    assert sum(len(row["text"].split()) for row in subset) == NESTED


def test_quotas_are_met_to_the_word(built):
    """A quota in words and one in per cent are both exact."""
    words = Counter()
    for row in built.documents:
        words[row["source"]] += row["words"]
    assert words["talk"] == 8000
    assert words["table"] == BUDGET // 10


def test_nested_subset_lies_inside_the_corpus(built):
    """A smaller corpus for a cheaper run must hold nothing that the larger one does not."""
    texts = {row["id"]: row["text"] for row in built.documents}
    [file] = (built.corpus / f"subsets/{NESTED}").glob("*.parquet")
    rows = pq.read_table(file).to_pylist()
    assert rows
    assert all(texts[row["id"]].startswith(row["text"]) for row in rows)


def test_shards_hold_about_the_words_asked_for(built):
    """``shard_words`` bounds a file: a shard ends with the document that fills it."""
    sizes = [sum(pq.read_table(file)["words"].to_pylist()) for file in sorted((built.corpus / "data").glob("*"))]
    assert len(sizes) >= 3
    assert all(20_000 <= size < 20_000 + 1000 for size in sizes[:-1])


# Lock, ledger, audit ------------------------------------------------------------------------------------------------


def test_lock_says_what_decided_the_corpus(built):
    """The lock is an interface: other programs read these keys at the top level."""
    lock = built.lock
    assert re.fullmatch(r"[0-9a-f]{64}", lock["digest"])
    assert (lock["words"], lock["documents"]) == (BUDGET, len(built.documents))
    assert [source["name"] for source in lock["sources"]] == list(DOCUMENTS)
    assert [step["name"] for step in lock["steps"]] == [
        *("unicode", "whitespace", "alpha_word_ratio", "word_count", "exact", "minhash", "word_budget", "order")
    ]
    assert {name: size["words"] for name, size in lock["subsets"].items()} == {str(NESTED): NESTED}
    assert all(file["sha256"] and file["bytes"] for source in lock["sources"] for file in source["files"])


def test_lock_holds_the_digests_of_all_other_files(built, look):
    """A corpus that was copied can be checked file by file with sha256sum."""
    found = look.digests(built.corpus)
    found.pop("corpus.lock")
    assert {name: file["sha256"] for name, file in built.lock["files"].items()} == found


def test_ledger_has_one_row_for_every_input_document(built):
    """Nothing disappears without a row that says where and why."""
    rows = built.ledger
    assert Counter(row["source"] for row in rows) == DOCUMENTS
    assert len({row["id"] for row in rows}) == sum(DOCUMENTS.values())
    assert all((row["reason"] is not None) == (row["step"] is not None) for row in rows)
    assert all(row["step"] is not None or row["taken"] > 0 for row in rows)
    assert all(row["kept_instead"] for row in rows if row["step"] in {"exact", "minhash"})
    dropped = Counter(row["step"] for row in rows)
    assert all(dropped[step] for step in ("word_count", "exact", "minhash", "word_budget"))


def test_ledger_rows_balance_word_by_word(built):
    """Each row explains its own words: what was read, plus every change, is what was left."""
    for row in built.ledger:
        change = sum(value for name, value in row.items() if name.startswith("change."))
        assert row["words_read"] + change == row["words"]
        assert 0 <= row["taken"] <= row["words"]


def test_ledger_audit_and_lock_agree(built):
    """Three accounts of one build, of which two are made from the files alone."""
    rows, audit, lock = built.ledger, built.audit, built.lock
    assert all(audit["checks"].values())
    for source in lock["sources"]:
        mine = [row for row in rows if row["source"] == source["name"]]
        counted = audit["sources"][source["name"]]
        assert source["words_read"] == sum(row["words_read"] for row in mine)
        assert source["documents_read"] == len(mine)
        assert source["words"] == sum(row["taken"] for row in mine) == counted["words"] == counted["words_in_text"]
        assert source["documents"] == sum(row["taken"] > 0 for row in mine) == counted["documents"]
    dropped = Counter(row["step"] for row in rows)
    for step, recounted in zip(lock["steps"], audit["steps"], strict=True):
        for key in ("words_in", "added", "dropped", "words_out", "documents_in", "documents_dropped"):
            assert step[key] == sum(flow[key] for flow in recounted["sources"].values())
        assert step["words_in"] + step["added"] == step["words_out"] + step["dropped"]
        assert step["documents_dropped"] == dropped[step["name"]]


def test_words_read_are_those_of_the_input_files(built):
    """What the ledger says was read is what an outsider counts in the files."""
    read = {source["name"]: source["words_read"] for source in built.lock["sources"]}
    stories = (built.folder / "data/stories.jsonl").read_text(encoding="utf-8").split("\n")
    assert read["stories"] == sum(len(json.loads(line)["text"].split()) for line in stories if line)
    notes = pq.read_table(built.folder / "data/notes.parquet")["body"].to_pylist()
    assert read["notes"] == sum(len(text.split()) for text in notes)


def test_exact_duplicates_are_gone(built):
    """The corpus holds no two documents with the same words, cut ones apart."""
    whole = [" ".join(row["text"].split()) for row in built.documents]
    assert len(whole) == len(set(whole))


# Other programs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("config", "words"), [("", BUDGET), (str(NESTED), NESTED)])
def test_datasets_loads_the_folder(built, cli, tmp_path, config, words):
    """The README's front matter makes the folder a dataset, with the nested corpus as a configuration."""
    code = (
        "import sys, datasets\n"
        "folder, name = sys.argv[1:]\n"
        "rows = datasets.load_dataset(folder, name or None, split='train')\n"
        "print(sum(len(text.split()) for text in rows['text']), rows.column_names)"
    )
    printed = cli.python(
        code, built.corpus, config, cwd=tmp_path, env={"HF_HOME": tmp_path, "HF_DATASETS_OFFLINE": "1"}
    )
    assert printed.split()[0] == str(words)
    assert "'source'" in printed


def test_card_front_matter_is_yaml(built):
    """The hub reads the card's front matter with a plain YAML parser."""
    front = (built.corpus / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    assert [config["config_name"] for config in yaml.safe_load(front)["configs"]] == ["default", str(NESTED)]


def test_no_build_touches_the_network(place, cli, tmp_path):
    """A build of local files works on a machine without a network, and does not try one."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_NO_NETWORK, encoding="utf-8")
    env = {"PYTHONPATH": site}
    control = "import socket\ntry:\n socket.create_connection(('127.0.0.1', 9))\nexcept OSError as e:\n print(e)"
    assert "no network in this test" in cli.python(control, cwd=tmp_path, env=env)
    (site / "tried").unlink()
    cli("build", "m.yaml", cwd=place, env=env)
    assert not (site / "tried").exists()


# Again, and locked --------------------------------------------------------------------------------------------------


def test_second_build_does_nothing(place, cli):
    """Running the same command twice is harmless: no file is written again."""
    cli("build", "m.yaml", cwd=place)

    def facts():
        return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (place / "build/sample").rglob("*")}

    before = facts()
    run = cli("build", "m.yaml", cwd=place)
    assert "nothing to do" in run.out
    assert facts() == before


def test_a_damaged_file_is_built_again(place, cli, look):
    """'Nothing to do' is said only of a corpus whose every file is as the lock says."""
    cli("build", "m.yaml", cwd=place)
    before = look.digests(place / "build/sample")
    with (place / "build/sample/text/talk.train").open("a", encoding="utf-8") as handle:
        handle.write("one more word\n")
    run = cli("build", "m.yaml", cwd=place)
    assert "nothing to do" not in run.out
    assert look.digests(place / "build/sample") == before


def test_locked_reproduces(place, cli, look):
    """A lock kept beside the manifest rebuilds the same bytes in a new folder."""
    cli("build", "m.yaml", cwd=place)
    shutil.copy(place / "build/sample/corpus.lock", place / "m.lock")
    cli("build", "m.yaml", "--locked", "--out", "again", "--cache", "fresh", cwd=place)
    assert look.digests(place / "again") == look.digests(place / "build/sample")


@pytest.mark.parametrize("change", ["a source file", "the manifest", "a setting", "the output"])
def test_locked_fails_when_something_changed(place, cli, look, write_manifest, change):
    """A locked build gives what the lock says or says what is different, and leaves the corpus alone."""
    cli("build", "m.yaml", cwd=place)
    before = look.digests(place / "build/sample")
    if change == "a source file":
        file = place / "data/stories.jsonl"
        file.write_text(
            file.read_text(encoding="utf-8") + '{"id": "new", "text": "One line more."}\n', encoding="utf-8"
        )
    elif change == "the manifest":
        write_manifest(place / "m.yaml", seed=4)
    elif change == "a setting":
        text = (place / "m.yaml").read_text(encoding="utf-8")
        (place / "m.yaml").write_text(text.replace("threshold: 0.7", "threshold: 0.75"), encoding="utf-8")
    else:
        write_manifest(place / "m.yaml", output={"text": True, "shard_words": 30_000})
    run = cli("build", "m.yaml", "--locked", cwd=place, code=1)
    assert "does not reproduce the lock" in run.err
    expected = {
        "a source file": "stories.jsonl is another file than the lock's",
        "a setting": "step minhash: other settings",
    }
    assert expected.get(change, "manifest_fingerprint") in run.err
    assert "Traceback" not in run.err
    assert look.digests(place / "build/sample") == before
    assert look.left_over(place) == []


def test_locked_without_a_lock_says_how_to_get_one(place, cli):
    """The first --locked build of a new manifest cannot work; it says what to do."""
    run = cli("build", "m.yaml", "--locked", cwd=place, code=1)
    assert "m.lock: there is no lock to reproduce" in run.err
    assert "build once without --locked" in run.err


@pytest.mark.parametrize("text", ["{broken", "[]", "{}", '{"lock_version": 1, "sources": [{}]}'])
def test_a_damaged_lock_is_no_bug_of_curate(place, cli, text):
    """A lock that was merged badly is the user's to mend: a message, no traceback."""
    (place / "m.lock").write_text(text, encoding="utf-8")
    run = cli("build", "m.yaml", "--locked", cwd=place, code=None)
    assert "Traceback" not in run.err
    assert run.code in {1, 2}
    assert "lock" in run.err


# What a person sees -------------------------------------------------------------------------------------------------


def test_json_events_can_be_parsed(place, cli):
    """Programs follow a build by its events: one JSON object a line, the last one says it is done."""
    run = cli("build", "m.yaml", "--json", cwd=place)
    assert run.err == ""
    names = [event["event"] for event in run.events]
    assert names[-1] == "BuildDone"
    assert {"BuildStarted", "StageStarted", "SliceDone", "StageDone", "Progress"} <= set(names)
    done = run.events[-1]
    lock = json.loads((place / "build/sample/corpus.lock").read_text(encoding="utf-8"))
    assert (done["digest"], done["words"], done["reused"]) == (lock["digest"], BUDGET, False)
    assert done["words_read"] == sum(source["words_read"] for source in lock["sources"])
    again = cli("build", "m.yaml", "--json", cwd=place)
    assert [event["event"] for event in again.events][-1] == "BuildDone"
    assert again.events[-1]["reused"] is True


def test_quiet_prints_nothing(place, cli):
    """In a cron job silence means that all is well."""
    run = cli("build", "m.yaml", "-q", cwd=place)
    assert (run.out, run.err) == ("", "")
    assert (place / "build/sample/corpus.lock").exists()


def test_output_is_plain_when_it_is_no_terminal(built):
    """A log file gets lines without escape codes, with the digest and the losses."""
    assert "\x1b" not in built.run.out
    assert f"digest {built.lock['digest']}" in built.run.out
    assert f"{BUDGET:,} words" in built.run.out
    assert "lost to word_budget" in built.run.out


def _on_terminal(cli, *args, cwd, env=None, act=None):
    """Run a command on a pseudo terminal; return exit code and everything that the terminal got."""
    parent, child = pty.openpty()
    variables = {name: value for name, value in cli.env(**(env or {})).items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [f"{os.path.dirname(sys.executable)}/curate", *args],  # noqa: PTH120
        cwd=cwd,
        env=variables | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"},
        stdin=child,
        stdout=child,
        stderr=child,
        close_fds=True,
    )
    os.close(child)
    if act is not None:
        act(process)
    got = b""
    while True:
        try:
            block = os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        got += block
    os.close(parent)
    return process.wait(), got.decode()


def test_terminal_shows_a_final_panel(place, cli):
    """On a terminal there are bars while it runs, and at the end a panel and the cursor."""
    code, shown = _on_terminal(cli, "build", "m.yaml", cwd=place)
    assert code == 0
    assert "\x1b[?25l" in shown  # the cursor is hidden while bars are drawn
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    panel = plain[plain.rindex("╭") :]
    lock = json.loads((place / "build/sample/corpus.lock").read_text(encoding="utf-8"))
    for part in (lock["digest"], f"{BUDGET:,} words in", "lost to", "word_budget", "build/sample", "╰"):
        assert part in panel


def test_interrupt_on_a_terminal_gives_the_cursor_back(place, cli, plugin, look, write_manifest):
    """After Ctrl-C the terminal must be usable."""
    write_manifest(place / "m.yaml", steps=[{"use": "slow_steps:Gate", "folder": str(plugin.gate)}])

    def interrupt(process):
        look.wait_for(plugin.waits)
        process.send_signal(signal.SIGINT)
        plugin.open()

    code, shown = _on_terminal(cli, "build", "m.yaml", cwd=place, env=plugin.env, act=interrupt)
    assert code == 130
    assert "interrupted" in shown
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")
