"""Checkpoints of the training that made a model: milestones of a run folder, branches ``chck_*M`` on the hub."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from training.milestones import found_in
from training.run import RUN

if TYPE_CHECKING:
    from evaluation.model_folder import ModelFolder

_MARK = re.compile(r"chck_(\d+)M")


def checkpoints_of(folder: ModelFolder) -> tuple[str, list[str]]:
    """Return what names the training, and the revisions that its checkpoints have, fewest words first.

    There are none for a checkpoint itself, for a folder outside a run, and where the hub cannot be reached.
    """
    if _MARK.fullmatch(folder.revision or ""):
        return folder.name, []
    run = folder.path.parent
    if (run / RUN).is_file():
        return str(run), found_in(run)
    if folder.path.name == folder.name or "/" not in folder.name:
        return folder.name, []
    return folder.name, _branches(folder.name)


def _branches(name: str) -> list[str]:
    from huggingface_hub import HfApi  # noqa: PLC0415  (heavy)

    try:
        names = [branch.name for branch in HfApi().list_repo_refs(name).branches]
    except Exception:  # noqa: BLE001  (the library raises whatever the network raises; the model itself is here)
        return []
    found = {int(match[1]): branch for branch in names if (match := _MARK.fullmatch(branch))}
    return [found[words] for words in sorted(found)]
