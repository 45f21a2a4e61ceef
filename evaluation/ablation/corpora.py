"""The corpora of the arms: built by `curate build`, which shares its cache, so that common stages run once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from curation.core.artifact import write_text
from curation.core.events import Event
from curation.corpus import Corpus
from evaluation.ablation.errors import AblationError
from evaluation.ablation.events import CorpusReady
from evaluation.ablation.places import beside
from evaluation.ablation.settings import Ablation, Arm


@dataclass(frozen=True)
class ArmCorpus:
    """An arm's corpus."""

    arm: str
    folder: Path
    digest: str
    words: int
    documents: int
    lock: dict[str, Any]


def build_corpora(
    ablation: Ablation, file: Path, out: Path, cache: Path, listen: Callable[[Event], None]
) -> dict[str, ArmCorpus]:
    """Build what is not built, and open all.

    Args:
        ablation: names the arms.
        file: its file: paths in it are relative to its folder.
        out: gets ``manifests/`` and ``corpora/``.
        cache: stages that are done are kept here.
        listen: is told of each corpus.

    Raises:
        AblationError: a build failed; its own message is in it.
        CorpusError: a folder holds no whole corpus.
    """
    found: dict[str, ArmCorpus] = {}
    for name, arm in ablation.all_arms.items():
        folder = _folder_of(name, arm, ablation, file, out, cache)
        corpus = Corpus.open(folder)
        found[name] = ArmCorpus(
            name, folder, corpus.digest, corpus.words, int(corpus.lock["documents"]), dict(corpus.lock)
        )
        same = name != "base" and corpus.digest == found["base"].digest
        listen(CorpusReady(name, corpus.words, corpus.digest, same))
    return found


def _folder_of(name: str, arm: Arm, ablation: Ablation, file: Path, out: Path, cache: Path) -> Path:
    if arm.corpus is not None:
        return beside(file, arm.corpus)
    if arm.manifest is None and arm.patch is None:  # only the recipe differs
        return _folder_of("base", ablation.base, ablation, file, out, cache)
    manifest = _manifest(file, arm.manifest or ablation.base.manifest or "")
    if arm.patch is not None:
        manifest = write_patch(out / "manifests" / f"{name}.yaml", manifest, name, arm.patch)
    folder = out / "corpora" / name
    _build(manifest, folder, cache, name)
    return folder


def write_patch(target: Path, base: str, name: str, patch: Mapping[str, Any]) -> str:
    """Write a manifest that extends another by a patch, and return its path."""
    values = {"extends": base, "name": name, **patch}
    write_text(target, yaml.dump(values, Dumper=_Plain, sort_keys=False, allow_unicode=True))
    return str(target)


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
    if done.returncode != 0:
        told = (done.stderr or done.stdout).strip()[-2000:]
        raise AblationError(f"its corpus cannot be built:\n{told}", where=f"arms.{name}", hint="mend the manifest")


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
