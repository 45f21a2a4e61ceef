"""Natural Stories: self-paced reading times of ten stories, explained by the surprisal of words."""

from __future__ import annotations

from evaluation.kinds.story_reading import StoryReading

TASK = StoryReading(
    name="natural_stories",
    title="Natural Stories reading",
    years=(),
    citation="Futrell et al. 2021, https://doi.org/10.1007/s10579-020-09503-7; CC BY-NC-SA 4.0",
    file="naturalstories/processed_wordinfo.tsv",
)
