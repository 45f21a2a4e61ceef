"""The budget: what of a corpus counts, by who wrote it, and what the text of auxiliary models adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from curation.audit.counting import Group
from curation.audit.verdict import Budget, BudgetPart, Finding, PartKind, Reading, Status
from curation.core.auxiliary import AuxiliaryModel
from curation.rules.profile import Profile, Rule

Groups = Mapping[tuple[str, str], Group]


@dataclass(frozen=True)
class Claims:
    """What is known of the corpus that auxiliary models say they were trained on.

    ``read`` and ``kept`` are the words of each source as read and as kept; ``digests`` those of the corpus and of its
    nested subsets.
    """

    read: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    digests: frozenset[str] = frozenset()

    def proven(self, model: AuxiliaryModel) -> bool:
        """Whether a model that says that its text lies inside the corpus shows where."""
        known = bool(model.sources) and set(model.sources) <= self.read.keys()
        return known or (bool(model.documents) and model.documents in self.digests)


def measured(profile: Profile, group: Group, source: str, how: str = "") -> int | None:
    """Return what some text takes of the budget: words, or words of English that say as much.

    None where the profile measures languages and that of the source is not stated.
    """
    words = counted_words(profile, group)
    if profile.premiums is None:
        return words
    code = next((code for name, code in profile.languages.items() if fnmatchcase(source, name)), None)
    premium = profile.premiums.languages.value.get(code or "")
    if premium is None:
        return None
    if (how or profile.premiums.measure.value) == "words":
        return round(words / premium)
    return round(group.size * (words / max(group.words, 1)) / premium / profile.premiums.bytes_per_word.value)


def counted_words(profile: Profile, group: Group) -> int:
    """Return the words of some text that count under a profile."""
    counts = profile.counts
    words = group.words
    words -= 0 if counts.captions.value else group.captions
    words -= 0 if counts.headers.value else group.headers
    words -= 0 if counts.speaker_tags.value else group.tags
    return words


def needs_form(profile: Profile | None) -> bool:
    """Whether header lines and speaker tags must be counted apart."""
    return profile is not None and not (profile.counts.headers.value and profile.counts.speaker_tags.value)


def text_parts(
    profile: Profile, groups: Groups, models: Sequence[AuxiliaryModel], claims: Claims, *, how: str = ""
) -> list[BudgetPart]:
    """Return the parts that the corpus itself makes up, by who wrote them and by source."""
    closed = _closed(profile, models, claims)
    parts = []
    for (source, origin), group in sorted(groups.items()):
        kind, name = _who(origin)
        counted = True
        if kind == "rule":
            counted = profile.counts.rule_made.value
        if kind == "model":
            counted = profile.counts.generated.value == "counts" or not closed
        taken = measured(profile, group, source, how) if counted else None
        parts.append(
            BudgetPart(name=name, kind=kind, words=group.words, counted=counted, budget_words=taken, source=source)
        )
    order = {"human": 0, "rule": 1, "model": 2}
    return sorted(parts, key=lambda part: (order.get(part.kind, 3), -(part.words or 0)))


def _closed(profile: Profile, models: Sequence[AuxiliaryModel], claims: Claims) -> bool:
    """Whether every generator was trained on text of the budget alone: in the corpus, or counted beside it."""
    generators = [model for model in models if model.purpose == "generator"]
    counts = profile.treatment("generator").value == "counts"
    beside = [model for model in generators if counts and model.where == "outside" and model.words is not None]
    return bool(generators) and all(model in beside or claims.proven(model) for model in generators)


def _who(origin: str) -> tuple[PartKind, str]:
    if origin.startswith("rule:"):
        return "rule", f"written by {origin[5:]}"
    if origin.startswith("model:"):
        return "model", f"written by {origin[6:]}"
    return "human", "human text" if origin == "human" else "text (who wrote it is not stated)"


def auxiliary_parts(profile: Profile, models: Sequence[AuxiliaryModel], claims: Claims) -> list[BudgetPart]:
    """Return what auxiliary models add: text outside the corpus, and text of the build that was not kept."""
    parts: list[BudgetPart] = []
    shared: set[tuple[str, int | None]] = set()
    inside: dict[str, list[str]] = {}
    for model in models:
        counted = profile.treatment(model.purpose).value != "free"
        kind: PartKind = "teacher" if model.purpose == "teacher" else "auxiliary"
        if model.where == "inside" and claims.proven(model):
            for source in model.sources if counted else ():
                inside.setdefault(source, []).append(model.name)
            continue
        words = model.words if model.where == "outside" else None
        key = (model.trained_on, words)
        if model.trained_on and words is not None and key in shared:
            continue  # models may share the same text: it is counted once
        shared.add(key)
        taken = words if counted else None
        parts.append(
            BudgetPart(
                name=f"training text of {model.name}",
                kind=kind,
                words=words,
                counted=counted,
                budget_words=taken,
                at_least=int(counted and words is None and model.where == "outside"),
            )
        )
    for source, names in sorted(inside.items()):
        extra = max(claims.read[source] - claims.kept.get(source, 0), 0)
        if extra:
            name = f"read by {', '.join(sorted(set(names)))} and not kept"
            parts.append(
                BudgetPart(name=name, kind="auxiliary", words=extra, counted=True, budget_words=extra, source=source)
            )
    return parts


def budget_of(profile: Profile | None, parts: Sequence[BudgetPart]) -> Budget:
    """Add the parts up."""
    counted = [part for part in parts if part.counted]
    known = sum(part.budget_words or part.at_least for part in counted)
    whole = known if all(part.budget_words is not None for part in counted) else None
    unit = "words" if profile is None or profile.premiums is None else "words of English"
    limit = None if profile is None else profile.budget.value
    return Budget(limit=limit, unit=unit, counted=whole, at_least=known, parts=tuple(parts))


def judge(
    profile: Profile, parts: Sequence[BudgetPart], *, tolerance: float | None = None
) -> tuple[Status, int | None]:
    """Return whether some parts keep within the budget, and by how much they pass it (None where that is unknown)."""
    budget = budget_of(profile, parts)
    if budget.limit is None:
        return "holds", None
    share = profile.tolerance.value if tolerance is None else tolerance
    over = budget.at_least - int(budget.limit * (1 + share))
    if over > 0:
        return "broken", over
    return ("holds", None) if budget.counted is not None else ("unknown", None)


def check_budget(
    profile: Profile, groups: Groups, models: Sequence[AuxiliaryModel], claims: Claims
) -> tuple[Finding, Budget]:
    """Judge the budget, under the chosen readings and under each other one."""

    def parts(rules: Profile, how: str = "") -> list[BudgetPart]:
        return [*text_parts(rules, groups, models, claims, how=how), *auxiliary_parts(rules, models, claims)]

    chosen = parts(profile)
    budget = budget_of(profile, chosen)
    status, over = judge(profile, chosen)
    message = _message(profile, budget, status, over)
    readings = []
    if any(part.kind == "model" for part in chosen):
        for reading in profile.counts.generated.readings:
            counts = profile.counts.model_copy(update={"generated": _with(profile.counts.generated, reading.value)})
            rules = profile.model_copy(update={"counts": counts})
            if reading.value == "free_if_closed":  # words are free only where the text behind them is counted
                generator = _with(profile.treatment("generator"), "counts")
                rules = rules.model_copy(update={"auxiliary": {**profile.auxiliary, "generator": generator}})
            other = parts(rules)
            readings.append(_reading(profile, reading, profile.counts.generated, judge(profile, other)[0]))
    readings += [
        _reading(profile, reading, profile.tolerance, judge(profile, chosen, tolerance=reading.value)[0])
        for reading in profile.tolerance.readings
    ]
    if profile.premiums is not None:
        for measure in profile.premiums.measure.readings:
            other = parts(profile, measure.value)
            readings.append(_reading(profile, measure, profile.premiums.measure, judge(profile, other)[0]))
    unit = "words" if over is not None else ""
    return (
        Finding(
            rule="budget", status=status, message=message, amount=over, unit=unit,
            source=profile.cite(profile.budget.source), readings=tuple(readings),
        ),
        budget,
    )  # fmt: skip


def _with(rule: Rule[Any], value: Any) -> Rule[Any]:
    return rule.model_copy(update={"value": value})


def _reading(profile: Profile, reading: Any, rule: Rule[Any], status: Status) -> Reading:
    return Reading(
        text=reading.says, source=profile.cite(reading.source), status=status, chosen=reading.value == rule.value
    )


def _message(profile: Profile, budget: Budget, status: Status, over: int | None) -> str:
    if budget.limit is None:
        return f"{budget.at_least:,} {budget.unit}; {profile.title} sets no limit"
    limit = f"{budget.limit:,} {budget.unit}"
    parts = ", ".join(
        f"{words:,} {title}"
        for title, words in (
            ("of the corpus", _sum(budget, auxiliary=False)),
            ("that only auxiliary models read", _sum(budget, auxiliary=True)),
        )
        if words
    )
    if status == "broken":
        least = "" if budget.counted is not None else "at least "
        return f"{least}{over:,} {budget.unit} too many: {budget.at_least:,} ({parts}), allowed are {limit}"
    if status == "unknown":
        missing = ", ".join(
            part.name if part.kind in {"auxiliary", "teacher"} else f"the language of {part.source}"
            for part in budget.parts
            if part.counted and part.budget_words is None
        )
        left = max(budget.limit - budget.at_least, 0)
        what = f"{budget.at_least:,} of {limit} are known to be spent ({parts or 'nothing'}), {left:,} are left; "
        return f"{what}it cannot be said whether that is enough, because this is unknown: {missing}"
    return f"{budget.at_least:,} ({parts or 'nothing'}) of {limit}"


def _sum(budget: Budget, *, auxiliary: bool) -> int:
    helpers = {"auxiliary", "teacher"}
    return sum(
        part.budget_words or part.at_least
        for part in budget.parts
        if part.counted and (part.kind in helpers) == auxiliary
    )
