"""Age of acquisition: does a model learn words in the order in which children do (2025, 2026)?"""

from __future__ import annotations

from evaluation.kinds.acquisition import Acquisition

TASK = Acquisition(
    name="aoa",
    title="Age of acquisition",
    years=(2025, 2026),
    citation="Chang & Bergen 2022, https://doi.org/10.1162/tacl_a_00444; ages of Wordbank (Frank et al. 2017)",
    contexts="full_eval/aoa/cdi_childes.json",
    children="full_eval/aoa/cdi_human.csv",
)
