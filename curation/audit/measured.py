"""The filters' measures, taken again on the written documents: where the thresholds lie among what was kept.

The artifact keeps the measure of a document that a filter removed (``value`` in the ledger) and not of those it kept.
So the filters are run again, with the settings of the lock, on the documents of the corpus; a document that a later
step removed is in neither. A step from outside the catalogue is not imported: an audit runs no code that it is handed.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from curation.core import catalog
from curation.core.errors import UnknownName
from curation.core.schema import ALIVE, DOCUMENT, FROM_SOURCE, Documents
from curation.steps.kinds import Filter, is_bound

#: Values kept of one filter; beyond, every second one is dropped: a bound on memory.
_VALUES = 400_000
_BINS = 36
_NEAR = 3


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Threshold(_Frozen):
    """A bound of a filter."""

    setting: str
    """Name of the setting."""
    value: float
    """Its value."""


class FilterValues(_Frozen):
    """The distribution of a filter's measure before and after it."""

    step: str
    """Name of the step."""
    use: str
    """Its name in the catalogue."""
    thresholds: tuple[Threshold, ...]
    """Its bounds."""
    edges: tuple[float, ...]
    """Edges of the bins; the outermost bins hold all that lies beyond. Empty where nothing was measured."""
    logarithmic: bool
    """Whether the bins are spaced on a logarithmic scale."""
    kept: tuple[int, ...]
    """Documents of the corpus in each bin (of every ``stride``-th document)."""
    removed: tuple[int, ...]
    """Documents that the filter removed in each bin."""
    stride: int
    """Every which document of the corpus was counted."""
    near: tuple[tuple[str, float], ...]
    """Ids and values of the kept documents that lie nearest to a bound."""
    note: str = ""
    """Why nothing was measured; empty otherwise."""


class Remeasured:
    """One filter of the lock, ready to measure the corpus."""

    def __init__(self, step: str, use: str, settings: dict[str, object], version: int) -> None:
        """Find the filter in the catalogue; ``note`` says why it cannot be run."""
        self.step, self.use = step, use
        self.filter: Filter | None = None
        self.note = ""
        self.thresholds: tuple[Threshold, ...] = ()
        self._kept: list[NDArray[np.float64]] = []
        self._stride, self._count, self._held = 1, 0, 0
        self._near: list[tuple[float, str, float]] = []
        if ":" in use:
            self.note = "the step is not in curate's catalogue, and an audit imports no other code"
            return
        try:
            found = catalog.find(use, Filter)  # type: ignore[type-abstract]
            self.filter = found.model_validate(settings)
        except (UnknownName, ValidationError) as error:
            self.note = f"this version of curate cannot run the step ({type(error).__name__})"
            return
        bounds = {name: getattr(self.filter, name) for name, info in found.model_fields.items() if is_bound(info)}
        self.thresholds = tuple(Threshold(setting=k, value=v) for k, v in bounds.items() if v is not None)
        if found.version != version:
            self.note = f"this version of curate has version {found.version} of the step, the corpus version {version}"
        elif found.runs == "process":
            self.note = "the step is too slow to be run again"
        if self.note:
            self.filter = None

    def add(self, docs: Documents, ids: list[str]) -> None:
        """Measure a batch."""
        if self.filter is None:
            return
        values = self.filter.measures(docs)
        known = np.flatnonzero(~np.isnan(values))
        for bound in (threshold.value for threshold in self.thresholds):
            distance = np.abs(values[known] - bound)
            for place in np.argsort(distance, kind="stable")[:_NEAR]:
                self._near.append((float(distance[place]), ids[known[place]], float(values[known[place]])))
        self._near = sorted(set(self._near))[:_NEAR]
        places = np.arange(self._count, self._count + len(known))
        self._count += len(known)
        self._kept.append(values[known][places % self._stride == 0])
        self._held += len(self._kept[-1])
        if self._held > _VALUES:
            merged = np.concatenate(self._kept)[::2]
            self._kept, self._held = [merged], len(merged)
            self._stride *= 2

    def result(self, removed: NDArray[np.float64]) -> FilterValues:
        """Return the distribution, with the values of the documents that the filter removed."""
        kept = np.concatenate([*self._kept, np.zeros(0)])
        removed = removed[~np.isnan(removed)]
        edges, logarithmic = _edges(kept, removed, self.thresholds)
        blank = self.filter is None or not len(edges)
        return FilterValues(
            step=self.step,
            use=self.use,
            thresholds=self.thresholds,
            edges=() if blank else tuple(float(edge) for edge in edges),
            logarithmic=logarithmic,
            kept=() if blank else _histogram(kept, edges),
            removed=() if blank else _histogram(removed, edges),
            stride=self._stride,
            near=tuple((name, value) for _, name, value in self._near),
            note=self.note or ("no document has a value" if blank else ""),
        )


def documents_of(batch: pa.RecordBatch) -> Documents:
    """Return a batch of a corpus (id, text, words, meta) as steps see documents."""
    n = len(batch)
    columns = {
        "id": pa.array([bytes(16)] * n, DOCUMENT.field("id").type),
        "source": pa.array(np.zeros(n, np.int16)),
        "file": pa.array(np.zeros(n, np.int32)),
        "position": pa.array(np.arange(n, dtype=np.int64)),
        "text": batch.column("text").cast(pa.large_string()),
        "words_read": batch.column("words"),
        "words": batch.column("words"),
        "born": pa.array(np.full(n, FROM_SOURCE, np.int16)),
        "origin": batch.column("origin"),
        "meta": batch.column("meta"),
        "step": pa.array(np.full(n, ALIVE, np.int16)),
    }
    arrays = [columns.get(field.name, pa.nulls(n, field.type)) for field in DOCUMENT]
    return Documents(
        pa.RecordBatch.from_arrays([a.cast(f.type) for a, f in zip(arrays, DOCUMENT, strict=True)], schema=DOCUMENT)
    )


def _edges(
    kept: NDArray[np.float64], removed: NDArray[np.float64], thresholds: tuple[Threshold, ...]
) -> tuple[NDArray[np.float64], bool]:
    """Return bin edges that show the bulk of both, and every threshold that lies near it as an edge of its own."""
    some = [values for values in (kept, removed) if len(values)]
    if not some:
        return np.zeros(0), False
    low = min(float(np.quantile(values, 0.002)) for values in some)
    high = max(float(np.quantile(values, 0.998)) for values in some)
    logarithmic = low >= 1 and high / low > 40
    if logarithmic:
        low, high = np.log(low), np.log(high)
    spread = max(high - low, abs(high) * 0.05, 1e-9)
    places = [float(np.log(max(one.value, 1e-9))) if logarithmic else one.value for one in thresholds]
    near = [place for place in places if low - spread <= place <= high + spread]
    low = min([low, *(place - spread / _BINS for place in near)])
    high = max([high, *(place + spread / _BINS for place in near)])
    if high - low < 1e-9:
        low, high = low - spread / 2, high + spread / 2
    if not logarithmic and low < 0 <= min(float(values.min()) for values in some):
        low = 0.0
    edges = np.linspace(low, high, _BINS + 1)
    for place in near:
        # No bin may hold both what a filter keeps and what it removes.
        nearest = int(np.argmin(np.abs(edges[1:-1] - place))) + 1
        if edges[nearest - 1] < place < edges[nearest + 1]:
            edges[nearest] = place
    edges = np.exp(edges) if logarithmic else edges
    for one in thresholds:
        place = int(np.argmin(np.abs(edges - one.value)))
        if np.isclose(edges[place], one.value, rtol=1e-9, atol=0):
            # A bin holds its lower edge: what equals an upper bound is kept, and belongs below it.
            edges[place] = one.value if one.setting.startswith("min_") else np.nextafter(one.value, np.inf)
    return edges, logarithmic


def _histogram(values: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return tuple(int(count) for count in counts)
