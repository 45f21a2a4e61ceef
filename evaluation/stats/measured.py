"""Spread over seeds as measured before the first ablation: the defaults of a plan, until there are runs of one's own.

Measured by the project on two CPU cores: 0.3M-parameter causal model, 300k tokens of child-directed speech or a change
of it, 3 seeds an arm, 512 tokens a step (design notes, ``training.md`` §2). An arm's own spread has 2 degrees of
freedom, so that ``pooled`` over arms is what a plan rests on, and its interval is part of the answer. ``RUNGS`` are
later measurements: five seeds an arm, by the ablations that ship.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evaluation.stats.errors import StatisticsError

SCREEN = "0.3M parameters, 300k tokens"
SOURCE = "measured by the project: 0.3M parameters, 300k tokens, 3 seeds an arm"


@dataclass(frozen=True)
class MeasuredArm:
    """Mean and standard deviation over ``runs`` seeds of one arm on one metric."""

    metric: str
    arm: str
    mean: float
    sd: float
    runs: int = 3


@dataclass(frozen=True)
class Rung:
    """What an ablation that ships measured at a rung of the ladder.

    Attributes:
        recipe: of its runs.
        words: that a run saw.
        ablation: what measured it.
        metrics: name to (spread over seeds, pooled over arms; its degrees of freedom; median error over items of a
            difference, or None where it was not measured).
        redrawn: whether each seed had corpora of its own, so that the spread is that of draws too.
    """

    recipe: str
    words: float
    ablation: str
    metrics: dict[str, tuple[float, float, float | None]]
    redrawn: bool


@dataclass(frozen=True)
class Spread:
    """A standard deviation over seeds and what it rests on."""

    metric: str
    sd: float
    df: float
    source: str


def _rows(metric: str, **arms: tuple[float, float]) -> tuple[MeasuredArm, ...]:
    return tuple(MeasuredArm(metric, arm, mean, sd) for arm, (mean, sd) in arms.items())


#: Accuracies in points, log-odds in nats clipped at 10, bits per byte of held-out child-directed and written text.
ARMS = (
    *_rows(
        "zorro_accuracy",
        clean=(58.6, 0.5),
        duplicated=(58.1, 2.4),
        half_twice=(58.3, 1.5),
        shuffled=(58.5, 0.8),
        written=(52.1, 1.0),
    ),
    *_rows(
        "zorro_log_odds",
        clean=(1.025, 0.058),
        duplicated=(0.985, 0.045),
        half_twice=(0.921, 0.112),
        shuffled=(0.889, 0.036),
        written=(0.382, 0.166),
    ),
    *_rows(
        "blimp_accuracy",
        clean=(49.0, 0.1),
        duplicated=(49.9, 1.0),
        half_twice=(48.7, 0.7),
        shuffled=(50.0, 1.5),
        written=(47.4, 1.4),
    ),
    *_rows(
        "bits_per_byte_child_directed",
        clean=(1.587, 0.002),
        duplicated=(1.599, 0.011),
        half_twice=(1.611, 0.006),
        shuffled=(1.682, 0.044),
        written=(2.321, 0.048),
    ),
    *_rows(
        "bits_per_byte_written",
        clean=(3.010, 0.019),
        duplicated=(3.041, 0.025),
        half_twice=(3.081, 0.028),
        shuffled=(3.024, 0.054),
        written=(2.299, 0.040),
    ),
)

RUNGS = (
    Rung(
        "llama-proxy",
        230_000,
        "known-bad.yaml and ten null ablations",
        {
            "bits_per_byte.mean": (0.0166, 92.0, 0.0025),
            "bits_per_byte.child_directed": (0.0139, 92.0, 0.0024),
            "bits_per_byte.written": (0.0300, 92.0, 0.0043),
            "bits_per_byte_area.mean": (0.0198, 92.0, None),
            "bits_per_byte_area.child_directed": (0.0132, 92.0, None),
            "bits_per_byte_area.written": (0.0346, 92.0, None),
            "grounded.log_odds": (0.0416, 92.0, 0.0037),
            "grounded.accuracy": (0.737, 92.0, 0.127),
            "grounded.mirrored": (2.88, 92.0, 0.375),
        },
        redrawn=True,
    ),
    Rung(
        "llama-proxy",
        920_000,
        "curation-1m.yaml",
        {
            "bits_per_byte.mean": (0.0064, 28.0, 0.0063),
            "bits_per_byte.child_directed": (0.0101, 28.0, 0.0018),
            "bits_per_byte.written": (0.0059, 28.0, 0.0123),
            "grounded.log_odds": (0.0350, 28.0, 0.0046),
            "grounded.accuracy": (0.652, 28.0, 0.141),
            "grounded.mirrored": (2.13, 28.0, 0.322),
        },
        redrawn=False,
    ),
)

METRICS = tuple(dict.fromkeys(row.metric for row in ARMS))

#: Arms whose text is whole sentences of the domain: what an ablation of filters or of selection compares.
CLEAN_ARMS = ("clean", "duplicated", "half_twice")


def measured_spread(metric: str, arms: Iterable[str] | None = None) -> Spread:
    """Return the spread over seeds of ``metric``, pooled over ``arms`` (all five if left out).

    Raises:
        StatisticsError: the metric or an arm was not measured.
    """
    wanted = None if arms is None else set(arms)
    rows = [row for row in ARMS if row.metric == metric and (wanted is None or row.arm in wanted)]
    if not rows or (wanted is not None and wanted != {row.arm for row in rows}):
        hint = f"measured: {', '.join(METRICS)}; else give the scores of runs of your own"
        raise StatisticsError(f"no spread of {metric!r} was measured for these arms", where="power", hint=hint)
    return pooled(metric, [(row.sd, row.runs) for row in rows], SOURCE)


def nearest_domain(metric: str) -> str:
    """Return which of the two measured domains a metric of held-out text is taken to be like."""
    return "child_directed" if any(word in metric for word in ("child", "speech")) else "written"


def rung_spread(metric: str, recipe: str, words: float) -> tuple[Spread, float | None, bool] | None:
    """Return the spread of a recipe at the nearest rung, the error over items of a difference, and whether redrawn.

    A rung is near when its runs saw 0.7 to 1.4 times as many words. An error of None was not measured. A spread is
    redrawn where each seed had corpora of its own: it is then that of draws too.
    """
    for rung in RUNGS:
        if rung.recipe == recipe and 0.7 * rung.words <= words <= 1.4 * rung.words:
            kind = metric.partition(".")[0]
            text = f"{kind}.{nearest_domain(metric)}" if kind.startswith("bits_per_byte") else ""
            known = metric if metric in rung.metrics else text
            if known in rung.metrics:
                sd, df, item_se = rung.metrics[known]
                like = "" if known == metric else f", as {known}"
                source = f"{rung.ablation}, measured by the project at {rung.words:,.0f} words of {recipe}{like}"
                return Spread(metric, sd, df, source), item_se, rung.redrawn
    return None


def pooled(metric: str, arms: Iterable[tuple[float, int]], source: str) -> Spread:
    """Pool (standard deviation, runs) of several arms by their degrees of freedom.

    Raises:
        StatisticsError: no arm has two runs.
    """
    parts = [(sd, runs - 1) for sd, runs in arms if runs > 1]
    df = sum(part_df for _, part_df in parts)
    if not df:
        hint = "spread needs at least two finished runs of one arm"
        raise StatisticsError(f"no spread of {metric!r} can be told from single runs", where="power", hint=hint)
    return Spread(metric, (sum(sd**2 * part_df for sd, part_df in parts) / df) ** 0.5, float(df), source)
