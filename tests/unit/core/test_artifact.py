import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from curation.core import artifact
from curation.core.artifact import atomic_file, only_one, write_text
from curation.core.errors import OutputError

HOLD = """
import sys, time
from pathlib import Path
from curation.core.artifact import only_one
with only_one(Path(sys.argv[1]), "the corpus"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path):
    """The name must never stand for half a file."""
    path = tmp_path / "deep" / "a.txt"
    with atomic_file(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(path.parent) == ["a.txt"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), OSError(errno.EIO, "broken")])
def test_nothing_is_left_where_writing_fails(tmp_path, error):
    """What was there before stays, and no temporary file is left, even for Ctrl-C."""
    path = tmp_path / "a.txt"
    path.write_text("before")
    expected = OutputError if isinstance(error, OSError) else type(error)

    def write():
        with atomic_file(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(expected):
        write()
    assert path.read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


def fails(number):
    def call(*_arguments, **_more):
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("call", ["sync", "tempfile.mkstemp"])
@pytest.mark.parametrize(
    ("number", "message", "hint"),
    [
        (errno.ENOSPC, "the disk is full, a.txt could not be written", "finished pieces are kept"),
        (errno.EDQUOT, "the disk is full, a.txt could not be written", "finished pieces are kept"),
        (errno.EACCES, "cannot write: Permission denied", "choose another folder with --out"),
        (errno.EROFS, "cannot write: Read-only file system", "choose another folder with --out"),
        (errno.EIO, "cannot write: Input/output error", ""),
    ],
)
def test_system_errors_say_what_they_mean(tmp_path, monkeypatch, call, number, message, hint):
    """A full disk and a folder of somebody else need different answers from the user."""
    monkeypatch.setattr(f"curation.core.artifact.{call}", fails(number))
    with pytest.raises(OutputError) as caught:
        write_text(tmp_path / "a.txt", "x")
    assert caught.value.message == message
    assert hint in caught.value.hint
    assert str(tmp_path) in caught.value.where
    assert names(tmp_path) == []


def test_a_name_that_is_almost_too_long_can_be_written(tmp_path):
    """The temporary name is longer than the name: that must not be the reason to fail."""
    path = tmp_path / ("n" * 250)
    write_text(path, "x")
    assert names(tmp_path) == [path.name]


def test_only_one_process_may_build(tmp_path):
    """Two builds into one folder would undo each other's files; the second must say who is first."""
    path = tmp_path / "locks" / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline() == "held\n"
        with (
            pytest.raises(OutputError, match=rf"the corpus is being built by process {first.pid}") as caught,
            only_one(path, "the corpus"),
        ):
            pass
        first.communicate("\n")
    assert "--out" in caught.value.hint
    with only_one(path, "the corpus"):
        assert path.read_text() == f"process {os.getpid()}\n"


def test_the_lock_dies_with_its_process(tmp_path):
    """After `kill -9` nothing must be left to clean up."""
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline() == "held\n"
        first.kill()
        first.wait()
    with only_one(path, "the corpus") as handle:
        assert Path(handle.name) == path


def test_a_lock_that_cannot_be_made_is_an_output_error(tmp_path, monkeypatch):
    """A cache folder that may not be written is the user's to mend."""
    monkeypatch.setattr(artifact.Path, "open", fails(errno.EACCES))
    with pytest.raises(OutputError, match="Permission denied"), only_one(tmp_path / "a.lock", "x"):
        pass
