"""Questions with options: the model's answer is the text that it finds most likely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.accuracy import Credits, judge, macro, micro
from evaluation.data import official, read_jsonl, sha256
from evaluation.errors import DataError
from evaluation.events import TaskStarted
from evaluation.queries import Query, Reduction, Scores
from evaluation.result import DataFacts, Group, TaskResult
from evaluation.scorers.scorer import score
from evaluation.task import Item, Outcome, Work

#: Makes an item of a row and the name of its file without ending; None passes the row over. Its ``uid`` is what the
#: official prediction files number by.
Reader = Callable[[Mapping[str, Any], str], Item | None]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A task whose items are questions with options.

    Attributes:
        name: the file's name.
        title: as a table shows it.
        years: of the challenge that have it.
        citation: paper and source of the data.
        files: folder of JSON lines below the data, by set: ``full`` and ``fast``.
        fields: of a row that the task reads.
        item: makes an item of a row.
        reduction: mean where options are compared by log-probability a token; None is the suite's rule.
        pattern: of the files in the folder.
        rows: reads a file's rows.
    """

    name: str
    title: str
    years: tuple[int, ...]
    citation: str
    files: Mapping[str, str]
    fields: tuple[str, ...]
    item: Reader
    reduction: Reduction | None = None
    pattern: str = "*.jsonl"
    rows: Callable[[Path, Sequence[str]], Iterable[Mapping[str, Any]]] = read_jsonl
    metric: str = field(default="accuracy", init=False)

    def run(self, work: Work) -> Outcome:
        """Read, score, measure."""
        items, facts = self.items(work)
        work.listen(TaskStarted(self.name, len(items)))
        return measure(self, items, facts, work, self.reduction)

    def items(self, work: Work) -> tuple[list[Item], DataFacts]:
        """Return the items that are asked, and what is known of their data.

        Raises:
            DataError: the data are missing, or not what this task reads.
        """
        folder = self.files.get(work.which) or self.files["full"]
        path = work.data.find(folder, folder.partition("/")[2])
        files = sorted(path.glob(self.pattern))
        if not files:
            raise DataError(f"holds no {self.pattern} files", where=str(path), hint="get the folder again")
        found: list[Item] = []
        digests = {}
        have = 0
        for file in files:
            rows_of_file = list(self.rows(file, self.fields))
            have += len(rows_of_file)
            found += [made for row in rows_of_file if (made := self.item(row, file.stem)) is not None]
            digests[file.name] = sha256(file)
        if not found:
            raise DataError("its files hold no items", where=str(path), hint="get the folder again")
        items = work.sample(_numbered(found))
        return items, _facts(folder, digests, have, len(items), len(found), work.limit)


def _numbered(items: Sequence[Item]) -> list[Item]:
    """Number items within their group, as the official prediction files do: ``group_0``, ``group_1``."""
    counts: dict[str, int] = {}
    numbered = []
    for item in items:
        uid, number = item.uid, counts.get(item.uid, 0)
        counts[uid] = number + 1
        numbered.append(Item(f"{uid}_{number}", item.group, item.options, item.gold, item.answers, item.target))
    return numbered


def _facts(folder: str, digests: dict[str, str], have: int, asked: int, of: int, limit: int | None) -> DataFacts:
    """Compare what the files hold (``have``) with the official set, and what is asked with what the task takes."""
    known = official().get(folder, {})
    wanted = sum(entry["items"] for entry in known.values()) if known else None
    shas = [known.get(name, {}).get("sha256") for name in digests]
    same: bool | None = None
    if known:
        differ = any(sha is not None and sha != digests[name] for name, sha in zip(digests, shas, strict=True))
        same = False if differ or set(known) != set(digests) else (True if all(shas) else None)
    cut = []
    if wanted is not None and have != wanted:
        cut.append(f"the data hold {have:,} of {wanted:,} items")
    if limit is not None and asked < of:
        cut.append(f"limited to {limit} a group")
    return DataFacts(files=digests, items=asked, official_items=wanted, same_as_official=same, cut="; ".join(cut))


def measure(
    task: Any, items: Sequence[Item], facts: DataFacts, work: Work, reduction: Reduction | None = None
) -> Outcome:
    """Score items and return accuracy under the suite's rules and under the honest ones.

    Args:
        task: has the name and the title.
        items: are asked.
        facts: of their data.
        work: subject, rules, floors.
        reduction: where the task itself has one; None is the suite's rule, and sums for the honest value.
    """
    queries = [query for item in items for query in item.options]
    scores = work.score(task.name, queries)
    groups = [item.group for item in items]
    ruled = scores.totals(reduction or work.reduction())
    by_rule = judge(table(items, ruled), golds(items), work.rules.ties, work.seed)
    sums = table(items, scores.totals(reduction or "sum"))
    honest = judge(sums, golds(items))
    found = macro(honest.credit, groups)
    odds = macro(honest.log_odds, groups)
    unknown = unknown_items(items, scores)
    official_mean = macro(by_rule.credit, groups) if work.rules.aggregate == "macro" else micro(by_rule.credit)
    result = TaskResult(
        task=task.name,
        title=task.title,
        status="scored",
        metric="accuracy",
        value=100 * official_mean.value,
        honest=100 * found.value,
        stderr=None if found.stderr is None else 100 * found.stderr,
        macro=100 * found.value,
        micro=100 * micro(honest.credit).value,
        log_odds=odds.value,
        log_odds_stderr=odds.stderr,
        items=len(items),
        chance=100 * macro(np.array([1 / len(item.options) for item in items]), groups).value,
        floors=floors(items, queries, work, reduction or "sum"),
        ties=macro(honest.tied.astype(float), groups).value,
        strict=100 * macro(judge(sums, golds(items), "strict").credit, groups).value,
        gold=100 * macro(np.maximum(honest.credit, honest.tied), groups).value,
        unknown_items=int(unknown.sum()),
        groups=by_group(groups, by_rule, honest),
        data=facts,
        warnings=_warnings(items, unknown, honest, scores),
        details=_by_temperature(items, scores, groups, reduction or "sum"),
    )
    return Outcome(result, rows(task.name, items, scores, ruled, honest, unknown, by_rule.chosen))


def table(items: Sequence[Item], totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lay the options' scores out as ``[items, options]``, ``-inf`` where an item has fewer."""
    counts = np.array([len(item.options) for item in items], np.int64)
    laid = np.full((len(items), int(counts.max(initial=0))), -np.inf)
    inside = np.arange(laid.shape[1])[None, :] < counts[:, None]
    laid[inside] = totals
    return laid


def golds(items: Sequence[Item]) -> NDArray[np.int64]:
    """Return the right option of each item."""
    return np.array([item.gold for item in items], np.int64)


def unknown_items(items: Sequence[Item], scores: Scores) -> NDArray[np.bool_]:
    """Return whether each item has a token that the tokenizer does not know, bool ``[items]``."""
    counts = np.array([len(item.options) for item in items], np.int64)
    owner = np.repeat(np.arange(len(items)), counts)
    return np.bincount(owner[scores.has_unknown()], minlength=len(items)) > 0


def floors(items: Sequence[Item], queries: Sequence[Query], work: Work, reduction: Reduction) -> dict[str, float]:
    """Return what scorers without a model get, ties shared."""
    found = {}
    for name, scorer in work.floors.items():
        sums = table(items, score(scorer, queries).totals(reduction))
        found[name] = 100 * macro(judge(sums, golds(items)).credit, [item.group for item in items]).value
    return found


def by_group(groups: Sequence[str], by_rule: Credits, honest: Credits) -> dict[str, Group]:
    """Return each group's figures, in the order of the data."""
    members: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        members.setdefault(group, []).append(number)
    return {
        group: Group(
            value=100 * float(by_rule.credit[these].mean()),
            honest=100 * float(honest.credit[these].mean()),
            items=len(these),
            ties=float(honest.tied[these].mean()),
            log_odds=float(honest.log_odds[these].mean()),
        )
        for group, these in members.items()
    }


def rows(
    task: str,
    items: Sequence[Item],
    scores: Scores,
    totals: NDArray[np.float64],
    honest: Credits,
    unknown: NDArray[np.bool_],
    answered: NDArray[np.int64],
) -> list[dict[str, Any]]:
    """Return one row an item for ``items.parquet``.

    Args:
        task: name.
        items: that were asked.
        scores: of their options.
        totals: one number a text.
        honest: credits with ties shared.
        unknown: whether an item has a token that the tokenizer does not know.
        answered: the option that counts as the answer under the year's rules: what a prediction file writes.
    """
    counts = np.diff(scores.offsets)
    made = []
    at = 0
    for number, item in enumerate(items):
        many = len(item.options)
        chosen = int(answered[number])
        made.append(
            {
                "task": task,
                "group": item.group,
                "uid": item.uid,
                "gold": item.gold,
                "chosen": chosen,
                "answer": item.answers[chosen] if item.answers else item.options[chosen].text,
                "credit": float(honest.credit[number]),
                "tied": bool(honest.tied[number]),
                "unknown": bool(unknown[number]),
                "log_odds": float(honest.log_odds[number]),
                "scores": totals[at : at + many].tolist(),
                "tokens": counts[at : at + many].tolist(),
                "target": item.target,
            }
        )
        at += many
    return made


def _warnings(items: Sequence[Item], unknown: NDArray[np.bool_], honest: Credits, scores: Scores) -> tuple[str, ...]:
    found = []
    if scores.truncated is not None and scores.truncated.any():
        found.append(f"{int(scores.truncated.sum()):,} texts are longer than the model reads at once, and were cut")
    if unknown.any():
        found.append(f"{int(unknown.sum()):,} of {len(items):,} items have a token that the tokenizer does not know")
    share = float(honest.tied.mean()) if len(items) else 0.0
    if share > 0.01:
        found.append(f"{share:.1%} of the items tie: a rule that counts ties as right would say more")
    return tuple(found)


def _by_temperature(
    items: Sequence[Item], scores: Scores, groups: Sequence[str], reduction: Reduction
) -> dict[str, Any]:
    """Return the accuracy at each temperature: the best is picked on the scored items, so it is not the value."""
    if len(scores.temperatures) == 1:
        return {}
    swept = {
        f"{temperature:g}": 100
        * macro(judge(table(items, scores.totals(reduction, number)), golds(items)).credit, groups).value
        for number, temperature in enumerate(scores.temperatures)
    }
    return {"temperatures": swept}
