"""The corpora of the arms: built by `curate build`, which shares its cache, so that common stages run once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from curation.core.artifact import write_text
from curation.core.errors import OutputError
from curation.core.fingerprint import seed_for
from curation.corpus import LOCK, Corpus
from evaluation.ablation.errors import AblationError
from evaluation.ablation.places import beside
from evaluation.ablation.settings import Ablation


@dataclass(frozen=True)
class ArmCorpus:
    """An arm's corpus."""

    arm: str
    folder: Path
    digest: str
    words: int
    documents: int
    lock: dict[str, Any]


def corpus_of(name: str, draw: int, ablation: Ablation, file: Path, out: Path, cache: Path) -> ArmCorpus:
    """Build an arm's corpus if it is not built, and open it.

    Args:
        name: of the arm.
        draw: a run's seed: the first one's corpus is the manifest's, the others' are those of another manifest seed.
        ablation: says what it is.
        file: its file: paths in it are relative to its folder.
        out: gets ``manifests/`` and ``corpora/``.
        cache: stages that are done are kept here.

    Raises:
        AblationError: the build failed; its own message is in it.
        CorpusError: the folder holds no whole corpus.
    """
    arm = ablation.all_arms[name]
    if arm.manifest is None and arm.corpus is None and arm.patch is None:  # only the recipe differs
        return replace(corpus_of("base", draw, ablation, file, out, cache), arm=name)
    if arm.corpus is not None:
        return _opened(name, beside(file, arm.corpus))
    first = out / "corpora" / name
    manifest = manifest_of(name, ablation, file, out)
    if draw == ablation.draws[0]:
        _build(manifest, first, cache, name)
        return _opened(name, first)
    seed = seed_for(Corpus.open(first).lock["seed"], "draw", draw) % 2**31
    manifest = write_patch(out / "manifests" / f"{name}.draw-{draw}.yaml", manifest, {"seed": seed})
    folder = out / "corpora" / f"{name}.draw-{draw}"
    _build(manifest, folder, cache, name)
    return _opened(name, folder)


def _opened(name: str, folder: Path) -> ArmCorpus:
    corpus = Corpus.open(folder)
    return ArmCorpus(name, folder, corpus.digest, corpus.words, int(corpus.lock["documents"]), dict(corpus.lock))


def manifest_of(name: str, ablation: Ablation, file: Path, out: Path) -> str:
    """Return the path of an arm's manifest, or the name of one that ships; a patch is written to ``out``."""
    arm = ablation.all_arms[name]
    manifest = _manifest(file, arm.manifest or ablation.base.manifest or "")
    if arm.patch is not None:
        return write_patch(out / "manifests" / f"{name}.yaml", manifest, {"name": name.lower(), **arm.patch})
    return manifest


def check_manifests(ablation: Ablation, file: Path, out: Path) -> None:
    """Check the manifests of all corpora that are to be built: `curate check`.

    Raises:
        AblationError: some are not valid, or a source does not open; each is named.
    """
    wrong = []
    for name, arm in ablation.all_arms.items():
        given = arm.manifest is not None or arm.patch is not None
        if given and not (out / "corpora" / name / LOCK).is_file():
            done = curate("check", manifest_of(name, ablation, file, out), "--json")
            if done.returncode == 130:
                raise KeyboardInterrupt
            if done.returncode != 0:
                wrong.append(f"\n{place_of(name)}: {(done.stderr or done.stdout).strip()[-2000:]}")
    if wrong:
        raise AblationError(f"corpora that cannot be built:{''.join(wrong)}", where=str(file), hint="mend them")


def place_of(arm: str) -> str:
    """Return where an arm is in the ablation file."""
    return arm if arm == "base" else f"arms.{arm}"


def write_patch(target: Path, base: str, patch: Mapping[str, Any]) -> str:
    """Write a manifest that extends another by a patch, and return its path."""
    values = {"extends": base, **patch}
    write_text(target, yaml.dump(values, Dumper=_Plain, sort_keys=False, allow_unicode=True))
    return str(target.resolve())  # a manifest that extends it lies elsewhere


class _Plain(yaml.SafeDumper):
    """Writes what is used twice twice: manifests have no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never refer back."""
        del data
        return True


def _manifest(file: Path, reference: str) -> str:
    """Return a manifest beside the ablation file as a path, or the name of one that ships as it is."""
    path = beside(file, reference)
    return str(path.resolve()) if path.is_file() else reference


def _build(manifest: str, folder: Path, cache: Path, name: str) -> None:
    """Run `curate build` as a user would: what it leaves is what it says, and its cache is shared."""
    done = curate("build", manifest, "--out", str(folder), "--cache", str(cache), "--json")
    if done.returncode == 130:
        raise KeyboardInterrupt
    if done.returncode < 0:
        hint = "out of memory? what is done is kept: run the same command again"
        raise OutputError(f"the build of {place_of(name)} was killed by signal {-done.returncode}", hint=hint)
    if done.returncode != 0:
        told = (done.stderr or done.stdout).strip()[-2000:]
        raise AblationError(f"its corpus cannot be built:\n{told}", where=place_of(name), hint="mend the manifest")


def difference(base: ArmCorpus, arm: ArmCorpus) -> list[str]:
    """Return what the locks say differs, a line each: an arm's label cannot be mistaken for what was not done."""
    if arm.digest == base.digest:
        return ["the same corpus"]
    done = curate("diff", str(base.folder), str(arm.folder), "--json")
    try:
        told = json.loads(done.stdout)
        lines = [str(line) for line in told["settings"]]
        for source, (before, after) in told["words_by_source"].items():
            if before != after:
                lines.append(f"words of {source}: {before or 0:,} -> {after or 0:,}")
    except (ValueError, KeyError, TypeError) as error:
        return [f"cannot be compared: {type(error).__name__}: {done.stderr.strip()[-300:]}"]
    return lines or ["other documents, by the same settings"]


def curate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a verb of curate in this Python, as a user would."""
    command = [sys.executable, "-P", "-c", "from curation.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
