"""Age of acquisition told from surprisal in child speech: mean absolute deviation in months (2023, optional)."""

from __future__ import annotations

from evaluation.kinds.age_regression import AgeRegression

TASK = AgeRegression(
    name="aoa_2023",
    title="Age of acquisition, regression",
    years=(2023,),
    citation="Portelance et al. 2023, https://github.com/evaportelance/multilingual-aoa-prediction",
    words="word_list.csv",
    sentences="sent_words.json",
)
