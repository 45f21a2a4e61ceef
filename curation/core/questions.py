"""The questions of a datasheet (Gebru et al. 2021, "Datasheets for Datasets", CACM 64:12): what a manifest may answer.

What a build records is answered by the audit; ``datasheet:`` in a manifest answers what only a person knows.
"""

from __future__ import annotations

#: Key, question (shortened), by section: the keys are what a manifest answers under ``datasheet:``.
QUESTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "Motivation": (
        ("purpose", "For what purpose was the dataset created? Was there a task in mind, a gap to fill?"),
        ("creators", "Who created it, and on behalf of whom?"),
        ("funding", "Who funded it?"),
    ),
    "Composition": (
        ("instances", "What do the instances represent?"),
        ("count", "How many instances are there, by type?"),
        ("sample", "Is it a sample of a larger set? How was it drawn, and what does it represent?"),
        ("content", "What does each instance consist of?"),
        ("labels", "Is there a label or target for each instance?"),
        ("missing", "Is information missing from instances?"),
        ("relations", "Are relations between instances made explicit?"),
        ("splits", "Are there recommended splits?"),
        ("errors", "Are there errors, noise or redundancies?"),
        ("self_contained", "Is it self-contained, or does it rely on outside resources?"),
        ("confidential", "Does it hold confidential data?"),
        ("offensive", "Does it hold data that might be offensive or cause anxiety?"),
        ("people", "Does it identify sub-populations or persons, or hold sensitive data about them?"),
    ),
    "Collection": (
        ("acquired", "How was the data of each instance acquired?"),
        ("mechanisms", "What mechanisms collected it, and how were they validated?"),
        ("collectors", "Who collected it, and how were they paid?"),
        ("timeframe", "Over what time was it collected?"),
        ("ethics", "Was there an ethical review?"),
        ("consent", "Were the persons concerned told, and did they consent? Can they withdraw?"),
    ),
    "Preprocessing, cleaning, labelling": (
        ("preprocessing", "What preprocessing was done?"),
        ("raw", "Was the raw data saved?"),
        ("software", "Is the software available?"),
        ("models", "Which trained models took part, and what were they trained on?"),
    ),
    "Uses": (
        ("used", "Has it been used already?"),
        ("could_use", "What else could it be used for?"),
        ("impact", "Does its making affect future uses? Is there a risk of unfair treatment or harm?"),
        ("evaluation", "Does it overlap with evaluation sets?"),
        ("not_use", "What should it not be used for?"),
    ),
    "Distribution": (
        ("distributed", "Will it be distributed to third parties, how and when?"),
        ("licence", "Under what licence or terms?"),
        ("restrictions", "Do third parties or regulations restrict it?"),
    ),
    "Maintenance": (
        ("maintainer", "Who maintains it, and how can they be reached?"),
        ("updates", "Will it be updated? How are versions told apart?"),
        ("contribute", "How can others extend or correct it?"),
    ),
}

KEYS = tuple(key for questions in QUESTIONS.values() for key, _ in questions)
