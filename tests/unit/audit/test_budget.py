"""What counts: text by who wrote it, and the text that auxiliary models were trained on."""

import pytest

from curation.audit.budget import Claims, check_budget
from curation.audit.counting import Group
from curation.audit.law import check_declared, check_models, check_own_data, check_teachers, models_of
from curation.core.auxiliary import AuxiliaryModel
from curation.rules.profile import load_profile
from tests.unit.audit.tampering import profile_of

SPACY = AuxiliaryModel(
    name="en_core_web_sm", purpose="parser", version="3.8.0", trained_on="OntoNotes 5 and more", where="outside",
    licence="MIT",
)  # fmt: skip
CORPUS = {("tales", "human"): Group(words=60, documents=6), ("tales", "rule:echo"): Group(words=20, documents=2)}


def judged(profile, models, groups=None, claims=None):
    claims = claims or Claims()
    found, budget = check_budget(profile, groups or CORPUS, models, claims)
    return found, budget, check_models(profile, groups or CORPUS, models, claims)


def spacy(**more):
    return SPACY.model_copy(update=more)


def test_a_pretrained_parser_under_2024_strict():
    """Its words count by the call; the site's FAQ of that year bans it. Both are told, one is judged by."""
    found, budget, (model,) = judged(profile_of(100), [spacy(words=30)])
    assert (found.status, found.amount) == ("broken", 10)
    assert "10 words too many: 110 (80 of the corpus, 30 that only auxiliary models read)" in found.message
    assert (model.status, model.amount, model.rule) == ("broken", 10, "auxiliary:en_core_web_sm")
    assert "section 7" in model.source
    assert "2404.06214" in model.source
    assert [(reading.chosen, reading.status) for reading in model.readings] == [(True, "broken"), (False, "broken")]
    assert [(part.kind, part.words) for part in budget.parts] == [("human", 60), ("rule", 20), ("auxiliary", 30)]

    found, _, (model,) = judged(profile_of(110), [spacy(words=30)])
    assert (found.status, model.status) == ("holds", "holds")
    assert [(reading.chosen, reading.status) for reading in model.readings] == [(True, "holds"), (False, "broken")]
    assert "FAQ" in model.readings[1].source


def test_unknown_training_text_is_unknown_and_never_zero():
    """What follows depends on what is left: nothing can be said, or one word is too many already."""
    found, budget, (model,) = judged(profile_of(100), [spacy()])
    assert (found.status, model.status) == ("unknown", "unknown")
    assert (budget.counted, budget.at_least) == (None, 81)
    assert "this is unknown: training text of en_core_web_sm" in found.message
    assert "state its words" in model.message
    found, _, (model,) = judged(profile_of(80), [spacy()])
    assert (found.status, found.amount, model.status) == ("broken", 1, "broken")
    assert "at least 1 words too many" in found.message
    found, budget, (model,) = judged(profile_of(80), [spacy(where="unknown")])
    assert (found.status, model.status, budget.at_least) == ("unknown", "unknown", 80)
    assert judged(profile_of(100), [spacy(where="unknown", words=5)])[0].status == "unknown"


def test_2023_bans_what_was_trained_on_other_text():
    """Tools trained on the corpus alone are allowed."""
    profile = profile_of(100, "babylm-2023-strict")
    assert judged(profile, [spacy(words=1)])[2][0].status == "broken"
    assert judged(profile, [spacy(where="unknown")])[2][0].status == "unknown"
    own = spacy(where="inside", documents="d" * 64)
    assert judged(profile, [own])[2][0].status == "unknown"
    found, _, (model,) = judged(profile, [own], claims=Claims(digests=frozenset({"d" * 64})))
    assert (found.status, model.status) == ("holds", "holds")


def test_a_model_trained_in_the_build_has_read_what_was_dropped():
    """Words that a filter's model saw and the corpus does not hold are read all the same; once, for all models."""
    claims = Claims({"tales": 75, "talk": 50}, {"tales": 60, "talk": 20})
    models = [spacy(name=name, purpose="n-gram LM", where="inside", sources=("tales",)) for name in ("one", "two")]
    found, budget, results = judged(profile_of(94), models, claims=claims)
    assert [part.name for part in budget.parts if part.kind == "auxiliary"] == ["read by one, two and not kept"]
    assert (found.status, found.amount) == ("broken", 1)
    assert {result.status for result in results} == {"broken"}
    assert judged(profile_of(95), models, claims=claims)[0].status == "holds"
    claimed = spacy(where="inside", sources=("elsewhere",))
    found, _, (model,) = judged(profile_of(1000), [claimed], claims=claims)
    assert (found.status, model.status) == ("unknown", "unknown")
    assert "which nothing shows" in model.message


def test_models_may_share_the_same_text():
    """A tagger and a parser of one treebank count once."""
    pair = [spacy(words=30), spacy(name="tagger", words=30)]
    assert judged(profile_of(110), pair)[0].status == "holds"
    other = [spacy(words=30), spacy(name="tagger", words=30, trained_on="another treebank")]
    assert judged(profile_of(110), other)[0].amount == 30


def test_generated_words_count_and_their_writer_does_not():
    """2024: the words may come from anywhere; the other reading asks where the generator's own text lies."""
    groups = {**CORPUS, ("tales", "model:llama"): Group(words=20, documents=1)}
    llama = AuxiliaryModel(name="llama", purpose="generator", where="unknown")
    found, budget, (model,) = judged(profile_of(100), [llama], groups)
    assert (found.status, model.status, budget.counted) == ("holds", "holds", 100)
    assert [reading.status for reading in found.readings] == ["holds", "unknown"]
    assert [(reading.chosen, reading.status) for reading in model.readings] == [(True, "holds"), (False, "unknown")]
    assert judged(profile_of(99), [llama], groups)[0].amount == 1


def test_2023_loose_frees_what_a_closed_generator_wrote():
    """Only if the generator's own text lies inside the same budget."""
    groups = {**CORPUS, ("tales", "model:tiny"): Group(words=500, documents=9)}
    tiny = AuxiliaryModel(name="tiny", purpose="generator", where="inside", sources=("tales",))
    profile = profile_of(80, "babylm-2023-loose")
    claims = Claims({"tales": 60}, {"tales": 60})
    assert judged(profile, [tiny], groups, claims)[0].status == "holds"
    assert judged(profile, [tiny], groups)[0].status == "broken"
    assert judged(profile, [], groups)[0].amount == 500
    beside = AuxiliaryModel(name="tiny", purpose="generator", where="outside", words=7)
    assert judged(profile, [beside], groups)[0].amount == 7


def test_headers_tags_and_captions_can_be_left_out():
    """A house rule that counts running words only."""
    groups = {("a", "human"): Group(words=100, documents=1, headers=7, tags=3, captions=40)}
    profile = profile_of(100)
    counts = profile.counts
    for field, left in (("headers", 93), ("speaker_tags", 97), ("captions", 60)):
        rule = getattr(counts, field).model_copy(update={"value": False})
        other = profile.model_copy(update={"counts": counts.model_copy(update={field: rule})})
        assert judged(other, [], groups)[1].counted == left
    rule = counts.rule_made.model_copy(update={"value": False})
    other = profile.model_copy(update={"counts": counts.model_copy(update={"rule_made": rule})})
    assert judged(other, [])[1].counted == 60


def test_several_languages_are_measured_in_bytes():
    """100M English words are 543 MB; Dutch may have 5.16% more bytes. Without a language nothing can be said."""
    profile = profile_of(1_000, "babylm-2026-multilingual")
    groups = {("nl", "human"): Group(words=900, documents=1, size=5_710), ("en", "human"): Group(words=1, size=5)}
    found, _, _ = judged(profile, [], groups)
    assert found.status == "unknown"
    assert "the language of nl, the language of en" in found.message
    profile = profile.model_copy(update={"languages": {"nl": "nld_latn", "en": "eng_latn"}})
    found, budget, _ = judged(profile, [], groups)
    assert budget.counted == round(5_710 / 1.0516 / 5.43) + 1 == 1_001
    assert found.status == "holds"  # within the tolerance of 2%
    assert [(reading.chosen, reading.status) for reading in found.readings] == [
        (True, "holds"), (False, "broken"), (True, "holds"), (False, "holds"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "parameters", "status"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", None, "holds"),
        ("gpt2", 124_000_000, "holds"),
        ("gpt2", None, "unknown"),
        ("Qwen/Qwen2.5-7B-Instruct", 7_600_000_000, "broken"),
    ],
)
def test_teachers_of_2025(name, parameters, status):
    """A fixed list, and anything below a billion parameters."""
    model = AuxiliaryModel(name=name, purpose="teacher", parameters=parameters)
    assert check_teachers(load_profile("babylm-2025-interaction"), [model]).status == status


def test_teachers_of_2026():
    """Qwen up to 9B, and nothing larger by a pattern that is too wide."""
    profile = load_profile("babylm-2026-strict")
    for name, status in (("Qwen/Qwen2.5-7B-Instruct", "holds"), ("Qwen/Qwen2.5-72B-Instruct", "unknown")):
        assert check_teachers(profile, [AuxiliaryModel(name=name, purpose="teacher")]).status == status
    assert check_teachers(profile, [SPACY]) is None


def test_official_text_only():
    """2023's strict tracks: without digests of the official files nothing can be said."""
    profile = load_profile("babylm-2023-strict")
    assert check_own_data(profile, {"a": "1"}).status == "unknown"
    profile = profile.model_copy(update={"official_files": {"a.train": "1"}})
    assert check_own_data(profile, {"a": "1"}).status == "holds"
    assert check_own_data(profile, {"a": "1", "b": "2"}).documents == ("b",)


def test_records_that_are_none():
    """A lock with something else under `auxiliary_models` is not believed."""
    models, bad = models_of({"auxiliary_models": [{"name": "x"}], "generators": [{"name": "big"}]})
    assert (bad, [model.name for model in models]) == (["auxiliary_models[0]"], ["big"])
    assert check_declared({"sources": [], "steps": []}, models, bad).status == "broken"
