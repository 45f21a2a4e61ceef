"""White space: the kernel against its definition as a regular expression."""

import re

from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.whitespace import collapse
from tests.strategies import SPACES, batches
from tests.unit.helpers import buffers, strings

RUN = re.compile("[" + "".join(map(re.escape, SPACES)) + "]+")


def collapsed(text, most, keep_tabs):
    def one(match):
        run = match[0]
        if "\n" in run:
            return "\n" * min(run.count("\n"), most)
        return "\t" if "\t" in run and keep_tabs else " "

    return RUN.sub(one, text.strip("".join(SPACES)))


@given(batches, st.integers(1, 3), st.booleans())
def test_collapse_equals_its_definition(batch, most, keep_tabs):
    """A fast loop with branches for the common case must give what one line of `re` gives."""
    found = strings(*collapse(*buffers(batch), most, keep_tabs))
    assert found == [collapsed(text, most, keep_tabs) for text in batch]


@given(batches, st.integers(1, 3), st.booleans())
def test_collapse_is_idempotent_and_keeps_every_word(batch, most, keep_tabs):
    """The step says that it touches no word, so its words are not counted again."""
    once = strings(*collapse(*buffers(batch), most, keep_tabs))
    assert strings(*collapse(*buffers(once), most, keep_tabs)) == once
    assert [text.split() for text in once] == [text.split() for text in batch]
