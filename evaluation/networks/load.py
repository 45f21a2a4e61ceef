"""From a loaded Hugging Face model to the quickest network that answers as it does, found by trying.

The reference is the model's own forward pass, text by text. A quicker way is taken if its log-probabilities on made-up
texts are within 1e-4 of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evaluation.networks.from_hugging_face import lean_model
from evaluation.networks.hugging_face import HuggingFace
from evaluation.networks.lean import Lean
from evaluation.networks.network import Network

TOLERANCE = 1e-4
#: Texts of the probe: 0 is the root of a small tree, and the numbers stand for made-up tokens.
_TEXTS = ((0, 1, 2, 3, 4, 5), (0, 1, 2, 6, 7, 8, 9, 10), (0, 1, 11), (0, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21))
_TREE = (
    *((0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 3), (7, 4), (8, 5), (9, 6), (10, 7), (11, 2)),
    *((number, number - 11) for number in range(12, 22)),
)


def network_for(model: Any, vocabulary: int, *, causal: bool) -> Network:
    """Return a network that answers as a model does.

    Args:
        model: a Hugging Face model with a language head, in evaluation mode, float32.
        vocabulary: ids below it are used for the probe.
        causal: whether it looks to the left only.
    """
    plain = HuggingFace(model)
    drawn = np.random.default_rng(0).integers(0, vocabulary, 22, dtype=np.int32)
    expected = [_answers(plain, drawn[list(text)]) for text in _TEXTS]
    if not all(np.isfinite(found).all() for found in expected):
        return plain  # the scorer will say so
    device = next(model.parameters()).device
    if device.type == "cpu" and model.dtype == torch.float32:
        lean = lean_model(model)
        if lean is not None:
            network = Lean(lean, causal=causal)
            if _together(network, drawn, expected) and (not causal or _as_tree(network, drawn, expected)):
                return network
    narrow = HuggingFace(model, narrow=True)
    helps = _together(narrow, drawn, expected)
    if causal and _as_tree(HuggingFace(model, narrow=helps, branches=True), drawn, expected):
        return HuggingFace(model, narrow=helps, branches=True)
    return narrow if helps else plain


def _answers(network: Network, ids: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return log-probabilities of the whole vocabulary at each token of a text, run alone ``[T, V]``."""
    logits = network.texts(ids, np.array([0, len(ids)]), np.arange(len(ids)))
    found: NDArray[np.float32] = logits(0, len(ids)).float().log_softmax(-1).cpu().numpy()
    return found


def _together(network: Network, drawn: NDArray[np.int32], expected: list[NDArray[np.float32]]) -> bool:
    """Return whether texts run together, and asked at every other token, give what each gives alone."""
    ids = np.concatenate([drawn[list(text)] for text in _TEXTS])
    bounds = np.concatenate([[0], np.cumsum([len(text) for text in _TEXTS])])
    wanted = np.arange(0, len(ids), 2)
    try:
        found = network.texts(ids, bounds, wanted)(0, len(wanted)).float().log_softmax(-1).cpu().numpy()
    except Exception:  # noqa: BLE001  (a model that cannot do it fails in its own way)
        return False
    return _near(found, np.concatenate(expected)[wanted])


def _as_tree(network: Network, drawn: NDArray[np.int32], expected: list[NDArray[np.float32]]) -> bool:
    """Return whether texts run as a tree give what each gives alone."""
    numbers, depths = np.array(_TREE).T
    try:
        found = network.trees(drawn[numbers], np.ascontiguousarray(depths), np.arange(len(numbers)))(0, len(numbers))
    except Exception:  # noqa: BLE001  (as above)
        return False
    shown = found.float().log_softmax(-1).cpu().numpy()
    return all(_near(shown[list(text)], one) for text, one in zip(_TEXTS, expected, strict=True))


def _near(found: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    return found.shape == expected.shape and bool(np.abs(found - expected).max() <= TOLERANCE)
