"""Reading times: eye tracking and self-paced reading, explained by the surprisal of words (2025, 2026)."""

from __future__ import annotations

from evaluation.kinds.reading import Reading

TASK = Reading(
    name="reading",
    title="Reading times",
    years=(2025, 2026),
    citation="de Varda, Marelli & Amenta 2023, https://doi.org/10.3758/s13428-023-02261-8",
    file="full_eval/reading/reading_data.csv",
)
