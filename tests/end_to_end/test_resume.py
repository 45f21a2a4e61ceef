"""A build that was killed, interrupted or doubled goes on, and ends with the same bytes."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def large(tmp_path_factory, cli, make, write_manifest, look):
    """Return a folder with a file of several chunks and its undisturbed build, whose digests are what counts."""
    folder = tmp_path_factory.mktemp("large")
    writer = make.writer(11)
    blocks = [writer.document(40) for _ in range(300)]
    order = random.Random(3)  # noqa: S311  (an order, no secret)
    texts = [f"Story {number}. " + " ".join(order.sample(blocks, 3)) for number in range(4600)]
    texts += [writer.nearly(text) for text in texts[:200]] + texts[200:300]
    make.jsonl(folder / "big.jsonl", texts)
    write_manifest(
        folder / "m.yaml",
        name="large",
        sources=[{"name": "big", "use": "source.jsonl", "path": "big.jsonl"}],
        select=[{"use": "select.word_budget", "words": 1_500_000}, {"use": "select.order"}],
    )
    cli("build", "m.yaml", "--out", "undisturbed", "--cache", "undisturbed-cache", cwd=folder)
    return folder, look.digests(folder / "undisturbed")


@pytest.fixture
def disturbed(large, tmp_path):
    """Return a folder of one test's own with the same input and nothing built."""
    folder, expected = large
    os.link(folder / "big.jsonl", tmp_path / "big.jsonl")
    shutil.copy(folder / "m.yaml", tmp_path / "m.yaml")
    return tmp_path, expected


def _slices(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.arrow")}


@pytest.mark.slow
def test_killed_at_random_moments(disturbed, cli, look):
    """Kill -9 at any moment costs only what was not finished: same bytes, nothing left over, no slice made twice."""
    place, expected = disturbed
    rng = random.Random(20)  # noqa: S311
    kills = 0
    made: dict[Path, int] = {}
    for attempt in range(14):
        child = cli.start(
            "build", "m.yaml", "--out", "out", cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(rng.uniform(0.5, 1.2) + 0.12 * attempt)
        if child.poll() is None:
            child.kill()
            kills += 1
        child.wait()
        now = _slices(place)
        assert {path: now[path] for path in made} == made, "a finished slice was made again"
        made = now
        if child.returncode == 0:
            shutil.rmtree(place / "out")  # finished before the kill: the cache stays
    assert kills >= 8
    cli("build", "m.yaml", "--out", "out", cwd=place)
    assert look.digests(place / "out") == expected
    assert look.left_over(place) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", ["hashing inputs", "SliceDone", "StageDone", "finding candidates", "writing the corpus"]
)
def test_killed_at_a_known_moment(disturbed, cli, look, moment):
    """Each part of a build can be the one that was cut off."""
    place, expected = disturbed
    child = cli.start("build", "m.yaml", "--out", "out", "--json", cwd=place)
    for line in child.stdout:
        event = json.loads(line)
        if moment in {event["event"], event.get("title")}:
            child.kill()
            break
    child.wait()
    child.stdout.close()
    child.stderr.close()
    assert child.returncode == -signal.SIGKILL
    assert not (place / "out").exists()
    finished = len(_slices(place))
    run = cli("build", "m.yaml", "--out", "out", "--json", cwd=place)
    cached = [event["cached"] for event in run.of("SliceDone")]
    assert len(cached) == len(_slices(place)) > 4
    assert sum(cached) == finished
    assert look.digests(place / "out") == expected
    assert look.left_over(place) == []


@pytest.mark.parametrize("folder", ["", "inputs/0123abcd", "slices/0123abcd", "locks"])
def test_what_a_dead_process_left_anywhere_in_the_cache_is_removed(place, cli, look, folder):
    """A kill can fall into the first write of a cache, or into the copy of a compressed input, as into a slice."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    cache = place / "build/.curate-cache" / folder
    cache.mkdir(parents=True)
    (cache / f".name.{gone.pid}.x1_y2.partial").touch()
    living = cache / f".name.{os.getpid()}.x1_y2.partial"
    living.touch()
    cli("build", "m.yaml", cwd=place)
    assert look.left_over(place) == [str(living.relative_to(place))]


def test_killed_while_replacing_an_older_corpus(place, cli, look, write_manifest):
    """A kill while the new corpus is written leaves the old one whole; going back to it leaves nothing behind."""
    cli("build", "m.yaml", cwd=place)
    before = look.digests(place / "build/sample")
    old = (place / "m.yaml").read_text(encoding="utf-8")
    write_manifest(place / "m.yaml", seed=99)
    child = cli.start("build", "m.yaml", "--json", cwd=place)
    for line in child.stdout:
        if json.loads(line).get("title") == "writing the corpus":
            child.kill()
            break
    child.wait()
    child.stdout.close()
    child.stderr.close()
    assert child.returncode == -signal.SIGKILL
    assert look.digests(place / "build/sample") == before
    (place / "m.yaml").write_text(old, encoding="utf-8")
    assert "nothing to do" in cli("build", "m.yaml", cwd=place).out
    assert look.left_over(place) == []


@pytest.mark.parametrize("state", ["old moved away", "both there"])
def test_killed_between_the_two_renames(place, cli, look, state):
    """The states that a kill inside the exchange of folders can leave are all mended by the next build."""
    cli("build", "m.yaml", cwd=place)
    build = place / "build"
    before = look.digests(build / "sample")
    if state == "old moved away":  # after the first rename
        (build / "sample").rename(build / ".sample.old")
        shutil.copytree(build / ".sample.old", build / ".sample.partial")
    else:  # after the second one
        shutil.copytree(build / "sample", build / ".sample.old")
    cli("build", "m.yaml", cwd=place)
    assert look.digests(build / "sample") == before
    assert look.left_over(place) == []


def test_workers_do_not_outlive_a_killed_build(place, cli, look, plugin, write_manifest):
    """Kill -9 of the build must not leave worker processes behind that nobody can find."""
    write_manifest(place / "m.yaml", steps=[{"use": "slow_steps:GateInProcess", "folder": str(plugin.gate)}])
    quiet = subprocess.DEVNULL
    marked = {**plugin.env, "CURATE_TEST_MARK": str(place)}
    child = cli.start("build", "m.yaml", "-j", 2, cwd=place, env=marked, stdout=quiet, stderr=quiet)
    look.wait_for(plugin.waits)
    child.kill()
    child.wait()
    plugin.open()  # what they were doing is over: now they must see that their parent is gone

    look.only_running(place)


@pytest.mark.parametrize("step", ["Gate", "GateInProcess"])
def test_ctrl_c_stops_and_the_same_command_goes_on(place, cli, look, plugin, write_manifest, step):
    """Ctrl-C goes to every process of the terminal: exit 130, a message, nothing half-written, and no traceback."""
    write_manifest(
        place / "m.yaml", steps=[{"use": f"slow_steps:{step}", "folder": str(plugin.gate)}, {"use": "dedup.exact"}]
    )
    child = cli.start("build", "m.yaml", "-j", 2, cwd=place, env=plugin.env, start_new_session=True)
    look.wait_for(plugin.waits)
    os.killpg(child.pid, signal.SIGINT)
    time.sleep(0.2)
    plugin.open()
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not (place / "build/sample").exists()
    assert look.left_over(place) == []
    finished = len(_slices(place))
    assert finished >= 1
    run = cli("build", "m.yaml", "--json", cwd=place, env=plugin.env)
    assert sum(event["cached"] for event in run.of("SliceDone")) == finished


def test_ctrl_c_while_starting(place, cli, look):
    """An impatient Ctrl-C, before anything was done, is no crash either."""
    codes = set()
    for delay in (0.05, 0.15, 0.3, 0.45, 0.6):
        child = cli.start("build", "m.yaml", "--out", f"out{delay}", cwd=place)
        time.sleep(delay)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
        codes.add(child.returncode)
        assert "bug in curate" not in err
        # Python may still have been starting: nothing of ours ran.
        if "from curation.cli import main" not in err and "Fatal Python error: init_import_site" not in err:
            assert "Traceback" not in err, f"after {delay} s: {err}"
    assert codes <= {0, 130, -signal.SIGINT, 1}
    assert look.left_over(place) == []


def test_two_builds_into_one_folder(place, cli, look, plugin, write_manifest):
    """The second one says who is at work, and the first one ends well."""
    write_manifest(place / "m.yaml", steps=[{"use": "slow_steps:Gate", "folder": str(plugin.gate)}])
    first = cli.start("build", "m.yaml", cwd=place, env=plugin.env)
    look.wait_for(plugin.waits)
    second = cli("build", "m.yaml", cwd=place, env=plugin.env, code=2)
    assert f"is being built by process {first.pid}" in second.err
    assert "Traceback" not in second.err
    plugin.open()
    _, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert look.left_over(place) == []


def test_a_new_threshold_makes_no_slice_again(place, cli, look):
    """The filters before a deduplicator are decided afterwards: trying thresholds is free, and right."""
    cli("build", "m.yaml", cwd=place)
    text = (place / "m.yaml").read_text(encoding="utf-8").replace("min_words: 8", "min_words: 30")
    (place / "m.yaml").write_text(text, encoding="utf-8")
    run = cli("build", "m.yaml", "--json", cwd=place)
    slices = run.of("SliceDone")
    assert len(slices) >= 5
    assert all(event["cached"] for event in slices)
    cli("build", "m.yaml", "--out", "fresh", "--cache", "fresh-cache", cwd=place)
    assert look.digests(place / "build/sample") == look.digests(place / "fresh")


def test_a_changed_step_before_others_is_not_taken_from_the_cache(place, cli):
    """A cache that is too eager is worse than none: a rewriter's setting makes new slices."""
    cli("build", "m.yaml", cwd=place)
    text = (
        (place / "m.yaml")
        .read_text(encoding="utf-8")
        .replace("normalize.unicode\n", "normalize.unicode\n  form: NFKC\n")
    )
    assert "NFKC" in text
    (place / "m.yaml").write_text(text, encoding="utf-8")
    run = cli("build", "m.yaml", "--json", cwd=place)
    assert not any(event["cached"] for event in run.of("SliceDone"))


def test_a_file_that_changes_on_the_way(tmp_path, cli, look, plugin, write_manifest, make):
    """A source that is still being written is refused, and what was read of it never serves a later build."""
    writer = make.writer(4)
    block = [writer.document(30) for _ in range(200)]
    make.jsonl(tmp_path / "big.jsonl", [f"{number} {block[number % 200]}" for number in range(14_000)])
    whole = (tmp_path / "big.jsonl").read_bytes()
    assert len(whole) > 4 * (4 << 20)
    write_manifest(
        tmp_path / "m.yaml",
        name="changes",
        sources=[{"name": "big", "use": "source.jsonl", "path": "big.jsonl"}],
        steps=[{"use": "slow_steps:Gate", "folder": str(plugin.gate)}],
        select=[{"use": "select.word_budget", "words": 100_000}],
    )
    child = cli.start("build", "m.yaml", "-j", 1, cwd=tmp_path, env=plugin.env)
    look.wait_for(plugin.waits)
    tail = len(whole) - (2 << 20)
    with (tmp_path / "big.jsonl").open("r+b") as handle:  # in place, same length, other words near the end
        handle.seek(tail)
        handle.write(whole[tail:].replace(b" the ", b" teh "))
    plugin.open()
    out, err = child.communicate(timeout=120)
    assert child.returncode == 2, out + err
    assert "big.jsonl: changed while it was being read" in err
    assert "Traceback" not in err
    assert not (tmp_path / "build/changes").exists()
    (tmp_path / "big.jsonl").write_bytes(whole)  # as it was when it was hashed
    cli("build", "m.yaml", cwd=tmp_path, env=plugin.env)
    cli("build", "m.yaml", "--out", "fresh", "--cache", "fresh-cache", cwd=tmp_path, env=plugin.env)
    assert look.digests(tmp_path / "build/changes") == look.digests(tmp_path / "fresh")


def test_a_file_that_is_removed_on_the_way(place, cli, look, plugin, write_manifest):
    """A source that vanishes after it was hashed is a message, not a traceback."""
    write_manifest(place / "m.yaml", steps=[{"use": "slow_steps:Gate", "folder": str(plugin.gate)}])
    child = cli.start("build", "m.yaml", "-j", 1, cwd=place, env=plugin.env)
    look.wait_for(plugin.waits)
    for file in (place / "data").iterdir():
        file.unlink()
    plugin.open()
    _, err = child.communicate(timeout=60)
    assert child.returncode == 2, err
    assert "Traceback" not in err
    assert look.left_over(place) == []
