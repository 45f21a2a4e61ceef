"""The answers that an item allows, read from the official data where they are at hand."""

from __future__ import annotations

from typing import Any

from evaluation.catalog import load_task
from evaluation.data import Data, read_jsonl
from evaluation.errors import DataError
from evaluation.kinds.choice import Choice
from evaluation.kinds.rating import Rating
from evaluation.submission.years import Part
from evaluation.task import Work


def options_of(part: Part, data: Data) -> dict[str, set[str]]:
    """Return an item's id to the texts that may answer it, without outer spaces; empty where the data are not here.

    The official scripts compare stripped texts, so that a leading space does not matter.
    """
    task = load_task(part.task)
    try:
        if isinstance(task, Choice):
            nobody: Any = None  # reading items asks nothing of a model
            items, _ = task.items(Work(subject=nobody, data=data))
            return {
                item.uid: {text.strip() for text in item.answers or [option.text for option in item.options]}
                for item in items
            }
        if isinstance(task, Rating):
            path = data.find(task.files["full"])
            texts = [
                row["sentences"] for file in sorted(path.glob("*.jsonl")) for row in read_jsonl(file, ("sentences",))
            ]
            return {
                f"{task.group}_{number}": {part.strip() for part in str(text).split("\t")}
                for number, text in enumerate(texts)
            }
    except DataError:
        return {}
    return {}
