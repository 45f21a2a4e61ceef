"""Any Hugging Face model with a language head, run by its own forward pass.

The head is run at the wanted tokens only: the hidden states are narrowed as they enter the part of the model that holds
the output embedding, whatever that part is called. Prefix trees need a model that takes position ids and an additive
mask ``[1, 1, N, N]``. Whether either works is found out by trying (``networks/load.py``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluation.networks.logprobs import Logits
from evaluation.networks.network import Network


class HuggingFace(Network):
    """Runs ``model(input_ids, attention_mask)``."""

    def __init__(self, model: Any, *, narrow: bool = False, branches: bool = False) -> None:
        """Take a model in evaluation mode.

        Args:
            model: with logits in its output.
            narrow: whether the head is run at the wanted tokens only.
            branches: whether it can run trees.
        """
        self._model = model
        self._head = _head(model) if narrow else None
        self.branches = branches
        if branches:
            self.most = 192

    def texts(self, ids: NDArray[np.int32], bounds: NDArray[np.int64], wanted: NDArray[np.int64]) -> Logits:
        """Run texts, each on its own, padded on the right."""
        lengths = np.diff(bounds)
        inside = np.arange(lengths.max()) < lengths[:, None]
        rows = np.zeros(inside.shape, np.int64)
        rows[inside] = ids
        row = np.searchsorted(bounds, wanted, side="right") - 1
        flat = row * inside.shape[1] + wanted - bounds[row]
        inputs = {"input_ids": torch.from_numpy(rows), "attention_mask": torch.from_numpy(inside.astype(np.int64))}
        return self._run(inputs, torch.from_numpy(flat))

    def trees(self, ids: NDArray[np.int32], depths: NDArray[np.int64], wanted: NDArray[np.int64]) -> Logits:
        """Run trees of texts with common beginnings."""
        ends = np.full(len(ids), len(ids))  # the first token after a token's branch
        open_tokens: list[int] = []
        for number, depth in enumerate(depths.tolist()):
            while len(open_tokens) > depth:
                ends[open_tokens.pop()] = number
            open_tokens.append(number)
        places = np.arange(len(ids))
        seen = (places[:, None] >= places) & (places[:, None] < ends)
        mask = torch.zeros(seen.shape).masked_fill_(torch.from_numpy(~seen), torch.finfo(torch.float32).min)
        inputs = {
            "input_ids": torch.from_numpy(ids.astype(np.int64))[None],
            "position_ids": torch.from_numpy(depths)[None],
            "attention_mask": mask[None, None],
        }
        return self._run(inputs, torch.from_numpy(wanted))

    def _run(self, inputs: dict[str, Tensor], wanted: Tensor) -> Logits:
        device = next(self._model.parameters()).device
        wanted = wanted.to(device)
        handle = None
        if self._head is not None:

            def narrowed(_: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
                return (arguments[0].flatten(0, 1)[wanted][None], *arguments[1:])

            handle = self._head.register_forward_pre_hook(narrowed)
        try:
            with torch.inference_mode():
                out = self._model(**{name: value.to(device) for name, value in inputs.items()})
        finally:
            if handle is not None:
                handle.remove()
        logits = out["logits"] if "logits" in out else out[0]
        chosen = logits.flatten(0, 1)
        chosen = chosen if self._head is not None else chosen[wanted]
        return lambda start, stop: chosen[start:stop]


def _head(model: Any) -> Any:
    """Return the child of the model, beside its trunk, that holds the output embedding; None if there is none."""
    output = model.get_output_embeddings()
    trunk = getattr(model, "base_model", None)
    for _, child in model.named_children():
        if output is not None and child is not trunk and any(module is output for module in child.modules()):
            return child
    return None
