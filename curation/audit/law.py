"""The rules of a profile beside the budget: auxiliary models, teachers, own text, mixture, exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from curation.audit.budget import Claims, Groups, auxiliary_parts, judge, text_parts
from curation.audit.findings import finding
from curation.audit.origins import component_class, component_of
from curation.audit.verdict import Finding, Reading, Status
from curation.core.auxiliary import AuxiliaryModel
from curation.rules.profile import Profile, Rule
from curation.steps.kinds import Component


def models_of(lock: Mapping[str, Any]) -> tuple[list[AuxiliaryModel], list[str]]:
    """Return the auxiliary models on record in a lock, and the entries that are no such record."""
    models, bad = [], []
    for number, raw in enumerate(lock.get("auxiliary_models", [])):
        try:
            models.append(AuxiliaryModel.model_validate(raw))
        except ValueError:
            bad.append(f"auxiliary_models[{number}]")
    known = {model.name for model in models}
    # A generator that nobody declared was trained on something all the same.
    models += [AuxiliaryModel(name=name, purpose="generator") for name in generator_names(lock) if name not in known]
    return models, bad


def generator_names(lock: Mapping[str, Any]) -> list[str]:
    """Return the names of the generators on record."""
    return sorted({str(one["name"]) for one in lock.get("generators", []) if isinstance(one, dict) and "name" in one})


def check_declared(lock: Mapping[str, Any], models: Sequence[AuxiliaryModel], bad: Sequence[str]) -> Finding:
    """Ask every source and step of the lock again which models it uses, and compare with the record."""
    wrong = [f"{where} is no record of an auxiliary model" for where in bad]
    outside = []
    known = {(model.used_by, model.name): model for model in models}
    for entry in (*lock["sources"], *lock["steps"]):
        found = component_class(entry["use"])
        if found is not None and found.auxiliary_models is Component.auxiliary_models:
            continue  # it uses none, whatever its settings
        component = component_of(entry)
        if component is None:
            outside.append(f"{entry['name']} ({entry['use']})")
            continue
        for used in component.auxiliary_models():
            recorded = known.get((entry["name"], used.name))
            if recorded is None:
                wrong.append(f"{used.name}, used by {entry['name']}, is not on record: its text is not counted")
            elif recorded != used.of_step(entry["name"]):
                wrong.append(f"{used.name}, used by {entry['name']}, is on record as something else than the step says")
    if wrong:
        text = f"{len(wrong)} auxiliary models are not on record as they were used"
        return finding("auxiliary_models", "broken", text, wrong, unit="models")
    if outside:
        text = (
            f"code from outside curate, or not usable here, cannot be asked which models it uses: {', '.join(outside)}"
        )
        return finding("auxiliary_models", "not_checked", text)
    return finding("auxiliary_models", "holds", f"{len(models)} auxiliary models on record, as the steps declare them")


def check_models(profile: Profile, groups: Groups, models: Sequence[AuxiliaryModel], claims: Claims) -> list[Finding]:
    """Judge each auxiliary model by the rule for its purpose, under every reading of that rule."""
    return [_check_model(profile, groups, models, claims, model) for model in models]


def _check_model(
    profile: Profile, groups: Groups, models: Sequence[AuxiliaryModel], claims: Claims, model: AuxiliaryModel
) -> Finding:
    rule = profile.treatment(model.purpose)

    def status_under(value: str) -> tuple[Status, int | None]:
        if value == "banned":
            if model.where == "inside":
                return ("holds" if claims.proven(model) else "unknown"), None
            return ("broken" if model.where == "outside" else "unknown"), None
        if value == "free":
            return "holds", None
        rules = profile.model_copy(
            update={"auxiliary": {**profile.auxiliary, model.purpose: rule.model_copy(update={"value": value})}}
        )
        own = auxiliary_parts(rules, [model], claims)
        text = text_parts(rules, groups, models, claims)
        whole = [*text, *auxiliary_parts(rules, models, claims)]
        alone, _ = judge(rules, [*text, *own])
        status, over = judge(rules, whole)
        if not own or alone == "holds":  # whatever is wrong with the budget is not this model's doing
            return ("holds", None) if not own or status != "broken" else (status, over)
        return status, over

    status, over = status_under(rule.value)
    readings = tuple(
        Reading(
            text=reading.says,
            source=profile.cite(reading.source),
            status=status_under(reading.value)[0],
            chosen=reading.value == rule.value,
        )
        for reading in rule.readings
    )
    return Finding(
        rule=f"auxiliary:{model.name}",
        status=status,
        message=_message(profile, model, rule, claims, status, over),
        amount=over,
        unit="words" if over is not None else "",
        source=profile.cite(rule.source),
        readings=readings,
    )


def _message(
    profile: Profile, model: AuxiliaryModel, rule: Rule[Any], claims: Claims, status: Status, over: int | None
) -> str:
    version = f" {model.version}" if model.version else ""
    by = f", used by {model.used_by}" if model.used_by else ", used outside the build"
    trained = f"trained on {model.trained_on}" if model.trained_on else "on what it was trained is not stated"
    if model.where == "inside":
        words = "inside the corpus" if claims.proven(model) else "said to lie inside the corpus, which nothing shows"
    elif model.words is None:
        words = "words unknown" + (", outside the corpus" if model.where == "outside" else "")
    else:
        place = "outside the corpus" if model.where == "outside" else "inside or outside the corpus: not stated"
        words = f"{model.words:,} words, {place}"
    who = f"{model.name}{version} ({model.purpose}{by}): {trained} ({words})"
    least = "at least " if model.where == "outside" and model.words is None else ""
    follows = {
        ("counts", "holds"): "that text counts, and the budget holds it",
        ("counts", "broken"): f"that text counts, and with it the corpus is {least}{over or 0:,} words over the budget",
        ("counts", "unknown"): "that text counts, so it cannot be said whether the budget holds: state its words",
        ("free", "holds"): "its training text is not counted",
        ("banned", "holds"): "it was trained on this corpus alone, which is allowed",
        ("banned", "broken"): f"{profile.title} allows no model that was trained on other text",
        ("banned", "unknown"): "only a model trained on this corpus alone is allowed, and that is not shown",
    }[rule.value, status]
    hint = ""
    if model.where == "inside" and not claims.proven(model):
        hint = "; name the `sources` of this corpus that it read, or give the corpus's digest in `documents`"
    return f"{who}; {follows}{hint}"


def check_teachers(profile: Profile, models: Sequence[AuxiliaryModel]) -> Finding | None:
    """Judge the teachers by the list of the profile; None where there is nothing to judge."""
    teachers = [model for model in models if model.purpose == "teacher"]
    if not teachers or profile.teachers is None:
        return None
    allowed = profile.teachers.value
    broken, unknown = [], []
    for model in teachers:
        name = model.name.rsplit("/", 1)[-1].lower()
        if any(fnmatchcase(name, pattern.lower()) for pattern in allowed.names):
            continue
        if allowed.below_parameters is None or model.parameters is not None:
            if allowed.below_parameters is None or (model.parameters or 0) >= allowed.below_parameters:
                broken.append(model.name)
        else:
            unknown.append(model.name)
    source = profile.cite(profile.teachers.source)
    if broken:
        text = f"{', '.join(broken)}: no allowed teacher ({profile.teachers.says})"
        return finding("teachers", "broken", text, broken, source=source, unit="models")
    if unknown:
        text = f"cannot say whether {', '.join(unknown)} may teach: state its `parameters` ({profile.teachers.says})"
        return finding("teachers", "unknown", text, unknown, source=source, unit="models")
    return finding("teachers", "holds", f"{len(teachers)} teachers, all allowed", source=source)


def check_own_data(profile: Profile, files: Mapping[str, str]) -> Finding:
    """Judge whether the text may be one's own; ``files`` are SHA-256 by name of what the corpus was made from."""
    source = profile.cite(profile.own_data.source)
    if profile.own_data.value:
        return finding("own_data", "holds", profile.own_data.says, source=source)
    if not profile.official_files:
        text = (
            "only the official corpus is allowed, and it cannot be said whether this is it: the profile lists no "
            "SHA-256 of the official files (`official_files:` of a profile that extends this one)"
        )
        return finding("own_data", "unknown", text, source=source)
    other = [name for name, sha256 in files.items() if sha256 not in profile.official_files.values()]
    if other:
        text = f"{len(other)} files are not of the official corpus"
        return finding("own_data", "broken", text, other, source=source, unit="files")
    return finding("own_data", "holds", "all files are of the official corpus", source=source)


def check_exposure(profile: Profile) -> Finding:
    """Say what a trainer has to keep to: nothing of it can be seen in a corpus."""
    exposure = profile.exposure
    limits = [
        f"{limit:,} {unit}"
        for limit, unit in ((exposure.words.value, "words seen"), (exposure.epochs.value, "epochs"))
        if limit is not None
    ]
    rule = exposure.words if exposure.words.value is not None else exposure.epochs
    readings = tuple(
        Reading(
            text=reading.says, source=profile.cite(reading.source), status="not_checked",
            chosen=reading.value == exposure.epochs.value,
        )
        for reading in exposure.epochs.readings
    )  # fmt: skip
    if not limits:
        return finding(
            "exposure", "holds", f"{profile.title} does not limit training", source=profile.cite(rule.source)
        )
    text = f"a model may read at most {' and '.join(limits)}: a corpus cannot show it, the trainer's meter stops there"
    return finding("exposure", "not_checked", text, source=profile.cite(rule.source), readings=readings)


def check_mixture(lock: Mapping[str, Any], words: Mapping[str, int]) -> Finding:
    """Make the mixture again from the words counted, and compare it with the lock and with what was asked for."""
    wrong = []
    budgets = [step["settings"]["words"] for step in lock["steps"] if step["use"] == "select.word_budget"]
    budget = budgets[-1] if budgets else None
    for source in lock["sources"]:
        have, quota = words.get(source["name"], 0), source["settings"].get("quota")
        if have != source["words"]:
            wrong.append(f"{source['name']}: {have:,} words counted, the lock says {source['words']:,}")
        asked = quota * budget if isinstance(quota, float) and budget else quota
        if budget and asked is not None and abs(have - asked) >= 1:
            wrong.append(f"{source['name']}: {have:,} words counted, its quota is {round(asked):,}")
    strangers = sorted(words.keys() - {source["name"] for source in lock["sources"]})
    wrong += [f"{name}: {words[name]:,} words of a source that the lock does not have" for name in strangers]
    if budget and sum(words.values()) != budget:
        wrong.append(f"{sum(words.values()):,} words in all, select.word_budget asked for {budget:,}")
    if wrong:
        return finding("mixture", "broken", "the mixture is not as asked for", wrong, unit="sources")
    shares = ", ".join(f"{name} {100 * count / max(sum(words.values()), 1):.1f}%" for name, count in words.items())
    return finding("mixture", "holds", f"the mixture is as asked for: {shares or 'no words'}")
