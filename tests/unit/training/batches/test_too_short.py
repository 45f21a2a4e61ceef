"""Row lengths that leave no room for text are errors, not endless loops."""

from __future__ import annotations

import numpy as np
import pytest

from training.batches.loader import layout_for
from training.batches.rows import Tokens
from training.batches.settings import Packed, Padded
from training.errors import RecipeError


@pytest.mark.parametrize(("settings", "length"), [(Padded(), 2), (Packed(), 2)], ids=["padded", "packed"])
def test_rows_without_room_for_text_are_refused(settings, length):
    tokens = Tokens(np.arange(9, dtype=np.uint16), np.array([0, 9]), None, 1, 2, 3)
    with pytest.raises(RecipeError, match="rows are too short"):
        layout_for(settings, tokens, 0).count(length)
    assert layout_for(settings, tokens, 0).count(length + 1) > 0


def test_packing_needs_a_begin_token():
    tokens = Tokens(np.arange(9, dtype=np.uint16), np.array([0, 9]), None, None, 2, 3)
    with pytest.raises(RecipeError, match="begin token") as caught:
        layout_for(Packed(), tokens, 0)
    assert "stream" in caught.value.hint
