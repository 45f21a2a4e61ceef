"""The trainer's own models as networks: no padding, no masks, the last layer only where it is asked for.

``training/models`` holds the same functions as Hugging Face's classes of the same names, which its tests show; whether
that is so for the very weights at hand is probed when they are loaded (``networks/load.py``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluation.kernels import attention
from evaluation.networks.logprobs import Logits
from evaluation.networks.network import Network
from evaluation.networks.ordered import ordered
from training.models.layers.flat import Flat


class Packed(Flat):
    """Groups of tokens that see each other and what stands before them in their text (``kernels/attention.py``)."""

    def __init__(
        self, ids: NDArray[np.int32], places: NDArray[np.int64], groups: NDArray[np.int64], wanted: NDArray[np.int64]
    ) -> None:
        """Take ids and places ``[N]``, where groups begin ``[groups + 1]``, and the wanted tokens ``[M]``."""
        self.places, self.wanted = torch.from_numpy(places), torch.from_numpy(wanted)
        self.length = int(places.max()) + 1
        _, distinct, alike = np.unique(ids * np.int64(self.length) + places, return_index=True, return_inverse=True)
        if len(distinct) == len(ids):
            distinct = alike = np.arange(len(ids))
        self.distinct, self.alike = torch.from_numpy(distinct), torch.from_numpy(alike)
        self._places, self._groups = places, groups
        self._all = np.arange(len(places))
        self._slots = np.full(len(places), -1)
        self._slots[wanted] = np.arange(len(wanted))

    def attend(self, query: Tensor, key: Tensor, value: Tensor, scale: float, *, last: bool) -> Tensor:
        """Attend within heads."""
        out, slots = self._out(query, last=last)
        attention.attend(
            query[0].numpy(),
            key[0].numpy(),
            value[0].numpy(),
            self._places,
            self._groups,
            slots,
            np.float32(scale),
            out,
        )
        return torch.from_numpy(out).transpose(0, 1)[None]

    def attend_relative(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        query_table: Tensor,
        key_table: Tensor,
        index: Tensor,
        *,
        last: bool,
    ) -> Tensor:
        """Attend with relative positions."""
        out, slots = self._out(query, last=last)
        attention.attend_relative(
            query[0].numpy(),
            key[0].numpy(),
            value[0].numpy(),
            (query @ key_table.transpose(1, 2))[0].numpy(),
            (key @ query_table.transpose(1, 2))[0].numpy(),
            torch.cat([index[0].flip(0), index[1:, 0]]).numpy(),  # it depends on i - j only
            self._places,
            self._groups,
            slots,
            out,
        )
        return torch.from_numpy(out).transpose(0, 1)[None]

    def _out(self, query: Tensor, *, last: bool) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        _, heads, count, size = query.shape
        rows = len(self.wanted) if last else count
        return np.empty((rows, heads, size), np.float32), self._slots if last else self._all


class Lean(Network):
    """A model of ``training/models`` on a CPU."""

    branches = True
    padded = False
    most = 1024

    def __init__(self, model: Any, *, causal: bool) -> None:
        """Take a model in evaluation mode, which is changed, and whether it looks to the left only."""
        self._output = ordered(model.output_weight, model.output_bias)
        for module in list(model.modules()):
            for name, child in module.named_children():
                if isinstance(child, torch.nn.Linear):
                    setattr(module, name, ordered(child.weight, child.bias))
        self._model, self._causal = model, causal
        self._relative = hasattr(model, "embedding")

    def texts(self, ids: NDArray[np.int32], bounds: NDArray[np.int64], wanted: NDArray[np.int64]) -> Logits:
        """Run texts, each on its own."""
        places = np.arange(len(ids)) - np.repeat(bounds[:-1], np.diff(bounds))
        return self._run(ids, Packed(ids, places, np.arange(len(ids) + 1) if self._causal else bounds, wanted))

    def trees(self, ids: NDArray[np.int32], depths: NDArray[np.int64], wanted: NDArray[np.int64]) -> Logits:
        """Run trees of texts with common beginnings."""
        return self._run(ids, Packed(ids, depths, np.arange(len(ids) + 1), wanted))

    def _run(self, ids: NDArray[np.int32], flat: Packed) -> Logits:
        inputs = torch.from_numpy(ids.astype(np.int64))[None]
        with torch.inference_mode():
            hidden = self._model.hidden(inputs, **({"seen": flat} if self._relative else {"flat": flat}))
            features = self._model.features(hidden)[0]

        def logits(start: int, stop: int) -> Tensor:
            with torch.inference_mode():
                found: Tensor = self._output(features[start:stop])
            return found

        return logits
