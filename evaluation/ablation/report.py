"""The report: ``ablation.html``, one file that opens anywhere, and ``ablation.json``, which holds all its numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import yaml

from curation.core.artifact import write_text
from evaluation.ablation.findings import Findings
from evaluation.ablation.metric_findings import MetricFindings
from evaluation.ablation.page import page, table
from evaluation.ablation.settings import AREA, BITS
from evaluation.charts.forest import Effect, forest
from evaluation.charts.frame import COLOURS
from evaluation.charts.lines import Series, lines
from evaluation.stats.compare import Comparison
from evaluation.stats.verdict import Verdict

#: Differences of an arm that are shown before one asks for all.
SHOWN = 3
_SAID = {
    "better": '<span class="better">better</span>',
    "worse": '<span class="worse">worse</span>',
    "equivalent": "equivalent",
    "undecided": "undecided",
    "none": "no verdict",
}


def write_report(folder: Path, found: Findings) -> list[Path]:
    """Write both files.

    Raises:
        OutputError: they cannot be written.
    """
    text = json.dumps(_plain(found.as_dict()), indent=1, ensure_ascii=False, allow_nan=False)
    write_text(folder / "ablation.json", text + "\n")
    write_text(folder / "ablation.html", page(found.question, _body(found)))
    return [folder / "ablation.html", folder / "ablation.json"]


def _plain(value: Any) -> Any:
    """Return JSON-able data; what is not finite is null."""
    if isinstance(value, dict):
        return {str(key): _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | int | bool) or value is None:
        return value
    return value.item() if hasattr(value, "item") else str(value)


def _body(found: Findings) -> Iterator[str]:
    primary = found.metrics[0]
    yield f"<h1>{escape(found.question)}</h1>"
    yield f'<div class="verdict lead">{escape(found.sentence)}</div>'
    seeds = len(found.ablation["seeds"]) if isinstance(found.ablation["seeds"], list) else found.ablation["seeds"]
    yield (
        f'<p class="soft">{len(found.arms)} arms, {seeds} seeds of <code>{escape(found.ablation["recipe"])}</code>, '
        f"matched on {escape(found.ablation['match'])} ({found.ablation['amount']:,.0f} a run). "
        f"<code>{escape(primary.metric)}</code> was named as the metric that decides before the runs; all else is "
        "exploratory.</p>"
    )
    if found.ended < found.due:
        yield f"<p>{found.ended} of {found.due} runs are done; the same command goes on with the others.</p>"
    yield f"<h2>{_name(primary.metric)}: the metric that decides</h2>"
    yield _takes(primary)
    yield _forest(primary)
    yield _numbers(primary, found.ablation["alpha"])
    yield (
        '<p class="small soft">Difference from the base with its interval (Welch, or paired where a correlation '
        "over seeds was measured). Grey band: differences beyond it are found with probability .8 at this many seeds. "
        f"Small dots: single runs. p is corrected by Holm over all arms of the file. {_drawn(found)}</p>"
    )
    yield "<h2>What the arms changed</h2>"
    yield from _changes(found)
    yield "<h2>Learning curves</h2>"
    yield from _curves(found)
    yield _against_flops(found)
    if len(found.metrics) > 1:
        yield "<h2>Other metrics (exploratory)</h2>"
        yield (
            '<p class="small soft">Corrected by Benjamini and Hochberg over all arms and all of these metrics '
            "together: a share of these findings may be false. They suggest what to ask next.</p>"
        )
        for metric in found.metrics[1:]:
            yield f"<h3>{_name(metric.metric)}</h3>"
            yield _takes(metric)
            yield _forest(metric)
            yield _numbers(metric, found.ablation["alpha"])
    if found.groups:
        yield "<h2>By paradigm (exploratory)</h2>"
        yield _heat(found)
    yield "<h2>Cost</h2>"
    yield _cost(found)
    yield from _races(found)
    yield "<h2>Run it again</h2>"
    yield from _again(found)


def _drawn(found: Findings) -> str:
    """Return what a verdict is on."""
    if found.arms["base"].corpus["draws"] > 1:
        return "Each seed has corpora of its own: a verdict is on the way of making them, not on one draw of documents."
    return (
        "All seeds of an arm have the same corpus: a verdict is on this draw of documents, and two draws of one "
        "manifest may differ by more than seeds explain."
    )


def _name(metric: str) -> str:
    task, _, kind = metric.partition(".") if metric.startswith(BITS) else metric.rpartition(".")
    if task in {BITS, AREA}:
        domain = "mean over domains" if kind == "mean" else escape(kind)
        return (
            f"Bits per byte, {domain}" if task == BITS else f"Area under the learning curve, {domain} (bits per byte)"
        )
    words = {
        "log_odds": "mean log-odds (clipped at ±10 nats)",
        "accuracy": "accuracy (%)",
        "mirrored": "accuracy of mirrored twos (%)",
        "mad_months": "mean deviation (months; less is better)",
        "delta_r2": "gain of explained variance (%)",
    }
    return f"{escape(task)}: {words.get(kind, escape(kind))}"


def _takes(metric: MetricFindings) -> str:
    if metric.cpu_seconds is None:
        return ""
    what = "all texts, as often as in the curves" if metric.metric.startswith(BITS) else "the whole task"
    return f'<p class="small soft">Takes {metric.cpu_seconds:.1f} CPU-seconds a run ({what}).</p>'


def _changes(found: Findings) -> Iterator[str]:
    rules = found.ablation["rules"] is not None
    rows = []
    for name, arm in found.arms.items():
        if arm.refused:
            reason = f"takes no part: {arm.refused}"
            rows.append([escape(name), _differs(arm.about, [reason]), *[""] * 4, *(["refused"] if rules else [])])
            continue
        told = arm.audit or {}
        seen = "<br>".join(
            f"{of['seen']:,} of {of['lines']:,} {escape(domain)} ({of['share']:.0%})"
            for domain, of in told.get("overlap", {}).items()
        )
        words, documents = f"{arm.corpus['words']:,}", f"{arm.corpus['documents']:,}"
        digest = f'<code class="whole">{arm.corpus["digest"][:8]}</code>'
        if arm.corpus["draws"] > 1:
            digest += f" and {arm.corpus['draws'] - 1} draws"
        audit = ["holds" if told.get("exit") == 0 else "cannot say"] if rules else []
        rows.append([escape(name), _differs(arm.about, arm.differs), words, documents, digest, seen, *audit])
    head = ["arm", "differs from the base by", "words", "documents", "corpus", "held-out lines in it"]
    yield table([*head, *(["rules"] if rules else [])], rows, numbers=(2, 3))
    yield (
        '<p class="small soft">The lines are computed from the locks of the corpora, not from the file\'s words. '
        "Held-out lines of 8 words and more (in brackets: their share of the text's words) were looked for in each "
        "corpus; one is in it when a fifth of its 8-grams are.</p>"
    )


def _differs(about: str, lines: Sequence[str]) -> str:
    """Return what is different in words, and line by line, most of them folded away."""
    listed = [f"<li><code>{escape(line)}</code></li>" for line in lines]
    first, rest = "".join(listed[:SHOWN]), "".join(listed[SHOWN:])
    more = f"<details><summary>{len(listed) - SHOWN} more</summary><ul>{rest}</ul></details>" if rest else ""
    return escape(about) + (f"<ul>{first}</ul>{more}" if first else "")


def _forest(metric: MetricFindings) -> str:
    effects = []
    for number, (comparison, verdict) in enumerate(zip(metric.comparisons, metric.verdicts, strict=True)):
        base = sum(comparison.scores_baseline) / len(comparison.scores_baseline)
        p = "" if verdict.p is None else f", p {verdict.p:.2g}"
        effects.append(
            Effect(
                comparison.arm,
                comparison.difference.value,
                comparison.difference.low,
                comparison.difference.high,
                comparison.detectable,
                f"{len(comparison.scores_arm)} seeds{p}",
                [score - base for score in comparison.scores_arm],
                COLOURS[(number + 1) % len(COLOURS)],
            )
        )
    title = f"{metric.metric}: difference from the base"
    return forest(effects, title=title, x_title="arm less base", better="right" if metric.higher_is_better else "left")


def _numbers(metric: MetricFindings, alpha: float) -> str:
    rows = [["base", _number(metric.means.get("base")), *[""] * 7]]
    for comparison, verdict in zip(metric.comparisons, metric.verdicts, strict=True):
        rows.append(_row(metric, comparison, verdict))
    head = [
        "arm",
        "mean",
        "difference",
        f"{1 - alpha:.0%} interval",
        "se: seeds",
        "se: items",
        "p",
        "corrected p",
        "finding",
    ]
    return table(head, rows, numbers=(1, 2, 3, 4, 5, 6, 7))


def _row(metric: MetricFindings, comparison: Comparison, verdict: Verdict) -> list[str]:
    change = comparison.difference
    interval = "" if change.low is None or change.high is None else f"{change.low:+.3f} to {change.high:+.3f}"
    factor = (
        ""
        if comparison.bayes_factor is None
        else f"; Bayes factor {comparison.bayes_factor:.2g} for a difference (of the runs alone)"
    )
    why = f'<div class="small soft why">{escape(verdict.why + factor)}</div>'
    return [
        escape(comparison.arm),
        _number(metric.means.get(comparison.arm)),
        f"{change.value:+.3f}",
        interval,
        _number(comparison.seed_se),
        _number(comparison.item_se),
        "" if comparison.p is None else f"{comparison.p:.2g}",
        "" if verdict.p is None else f"{verdict.p:.2g}",
        _SAID[verdict.finding] + why,
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _curves(found: Findings) -> Iterator[str]:
    domains = list(next(iter(found.arms.values())).curve)
    for domain in domains:
        series = []
        for name, arm in found.arms.items():
            ribbon = arm.curve.get(domain, ())
            if ribbon:
                points = [(point.words, point.mean) for point in ribbon]
                band = [0.0 if point.low is None else point.mean - point.low for point in ribbon]
                series.append(Series(name, points, band, dashed=name == "base"))
        yield lines(
            series,
            title=f"{domain} while training",
            x_title="words seen (repeats counted), logarithmic",
            y_title="bits per byte; ribbon: 95% interval of the mean over seeds",
        )


def _against_flops(found: Findings) -> str:
    """Return the curve of the metric that decides against FLOPs."""
    metric = found.metrics[0].metric
    series = []
    for name, arm in found.arms.items():
        ribbon = arm.curve.get(metric, ())
        if ribbon and len(arm.flops) >= len(ribbon):
            points = [(flops, point.mean) for flops, point in zip(arm.flops, ribbon, strict=False)]
            band = [0.0 if point.low is None else point.mean - point.low for point in ribbon]
            series.append(Series(name, points, band, dashed=name == "base"))
    if not series:
        return ""
    return lines(
        series,
        title=f"{metric} against compute",
        x_title="training FLOPs, logarithmic",
        y_title="bits per byte; ribbon as above",
    )


def _heat(found: Findings) -> str:
    names = list(found.arms)
    rows = []
    largest = max(
        (abs(g["means"][a] - g["means"]["base"]) for g in found.groups for a in g["means"] if "base" in g["means"]),
        default=0.0,
    )
    for group in found.groups:
        base = group["means"].get("base")
        cells = [escape(group["group"]), "" if base is None else f"{base:.2f}"]
        for name in names[1:]:
            value = group["means"].get(name)
            if value is None or base is None:
                cells.append("")
                continue
            share = (value - base) / largest if largest else 0.0
            colour = COLOURS[2] if share > 0 else COLOURS[1]
            cells.append(
                f'<span style="display:block;padding:0 .4rem;border-radius:3px;'
                f'background:color-mix(in srgb,{colour} {abs(share) * 55:.0f}%,transparent)">{value - base:+.2f}</span>'
            )
        rows.append(cells)
    head = ["paradigm", "base", *(f"{name} less base" for name in names[1:])]
    note = '<p class="small soft">Mean log-odds of the right sentence, nats, over seeds. Untested: many cells.</p>'
    return note + table(head, rows, numbers=range(1, len(head)))


def _cost(found: Findings) -> str:
    rows = []
    for name, arm in found.arms.items():
        failed = "; ".join(f"seed {seed}: {escape(reason)}" for seed, reason in arm.failed.items())
        note = failed or escape(arm.stopped) or ("takes no part" if arm.refused else escape("; ".join(arm.notes)))
        minutes = [f"{arm.cost[f'{part}cpu_seconds'] / 60:.1f}" for part in ("", "heldout_", "tasks_")]
        rows.append(
            [
                escape(name),
                str(len(arm.seeds)),
                *minutes,
                f"{arm.cost['flops']:.2e}",
                f"{arm.cost['words_seen']:,.0f}",
                note,
            ]
        )
    parts = ("CPU minutes", "of them held-out text", "of them tasks")
    head = ["arm", "whole runs", *parts, "FLOPs", "words seen, all runs", ""]
    return table(head, rows, numbers=(1, 2, 3, 4, 5, 6))


def _races(found: Findings) -> Iterator[str]:
    if not found.races:
        return
    yield "<h2>Races</h2>"
    for judged in found.races:
        yield f"<h3>At {judged['rung']:.0%} of the run</h3>"
        rows = [[escape(d["arm"]), "stops" if d["stops"] else "goes on", escape(d["why"])] for d in judged["decisions"]]
        yield table(["arm", "", "why"], rows)


def _again(found: Findings) -> Iterator[str]:
    text = yaml.safe_dump(found.ablation, sort_keys=False, allow_unicode=True)
    yield f"<p>This file, and <code>curate ablate {escape(found.file)} --out DIR</code>:</p><pre>{escape(text)}</pre>"
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    yield f'<p class="small soft">{escape(versions)}. All numbers are in <code>ablation.json</code>.</p>'
