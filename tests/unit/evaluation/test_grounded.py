"""The suite from templates: what it holds, what it refuses, and that no scorer without context can beat chance."""

from __future__ import annotations

import math
import re
from collections import Counter
from importlib.resources import files

import pytest

from evaluation.errors import SuiteError
from evaluation.grounded.frame import Frame
from evaluation.grounded.frequencies import Frequencies, of_path
from evaluation.grounded.generate import AT_LEAST, generate
from evaluation.grounded.lexicon import lexicon
from evaluation.grounded.phenomena import phenomena
from evaluation.grounded.style import Style

#: The families that the suite must cover, and more.
FAMILIES = {
    "subject_verb_agreement",
    "determiner_noun_agreement",
    "anaphor_agreement",
    "binding",
    "pronoun_case",
    "argument_structure",
    "verb_form",
    "question",
    "filler_gap",
    "island",
    "negative_polarity",
    "ellipsis",
    "existential",
    "comparison",
    "coordination",
}


@pytest.fixture(scope="module")
def sample() -> Frequencies:
    """Return the words of the small child-directed sample that comes with the package."""
    return of_path(str(files("corpora_manifests").joinpath("samples/generated.train")))


@pytest.fixture(scope="module")
def every_word() -> dict[str, int]:
    """Return counts of a corpus that has every word of the lexicon and of the frames, each another number of times."""
    words = {form.lower() for members in lexicon().values() for lexeme in members for form in lexeme.forms.values()}
    words |= {word for phenomenon in phenomena() for frame in phenomenon.frames for word in frame.literals}
    return {word: AT_LEAST + number * number for number, word in enumerate(sorted(words))}


def accuracy(pairs, score):
    """Return the share of pairs whose good sentence scores higher, ties counted half."""
    won = [(score(pair.good) > score(pair.bad)) + (score(pair.good) == score(pair.bad)) / 2 for pair in pairs]
    return sum(won) / len(won)


def frequency_scorer(counts, *, mean=False):
    """Return the sum or mean of the log-probabilities of a sentence's words, each on its own."""
    total = sum(counts.values()) + len(counts)

    def score(sentence):
        words = re.findall(r"[^\W_]+", sentence.lower())
        logs = math.fsum(math.log((counts.get(word, 0) + 1) / total) for word in words)
        return logs / len(words) if mean else logs

    return score


def by_phenomenon(pairs):
    groups = {}
    for pair in pairs:
        groups.setdefault(pair.phenomenon, []).append(pair)
    return groups


def test_every_phenomenon_is_made_in_equal_parts(every_word):
    made = generate(every_word, items=20)
    groups = by_phenomenon(made.pairs)
    assert made.missing == ()
    assert [phenomenon.name for phenomenon in phenomena()] == list(groups)
    assert {len(pairs) for pairs in groups.values()} == {20}
    assert FAMILIES == {pair.family for pair in made.pairs}
    assert len(groups) >= 15
    assert len({pair.uid for pair in made.pairs}) == len(made.pairs)
    assert len({pair.good for pair in made.pairs}) == len(made.pairs)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_scorers_without_context_are_at_chance_in_every_phenomenon(every_word, seed):
    """By design, not on average: what a critical form gains in one pair it loses in the mirror."""
    counts = dict(zip(every_word, sorted(every_word.values(), key=lambda count: hash((count, seed))), strict=True))
    for pairs in by_phenomenon(generate(counts, items=20, seed=seed).pairs).values():
        assert accuracy(pairs, frequency_scorer(counts)) == 0.5
        assert accuracy(pairs, frequency_scorer(counts, mean=True)) == 0.5
        assert accuracy(pairs, len) == 0.5
        assert {len(pair.good.split()) - len(pair.bad.split()) for pair in pairs} == {0}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_frequency_scorer_of_real_text_is_at_chance(sample, seed):
    made = generate(sample.counts, items=40, seed=seed, style=sample.style)
    assert accuracy(made.pairs, frequency_scorer(sample.counts)) == pytest.approx(0.5, abs=0.02)
    for pairs in by_phenomenon(made.pairs).values():
        assert accuracy(pairs, frequency_scorer(sample.counts)) == pytest.approx(0.5, abs=0.02)


def test_one_critical_place_in_every_pair(every_word):
    """What is left and right of the difference is the same: the first and last word differ only where they must."""
    for pair in generate(every_word, items=10).pairs:
        good, bad = pair.good.split(), pair.bad.split()
        differing = [place for place, words in enumerate(zip(good, bad, strict=True)) if words[0] != words[1]]
        assert differing
        one_word = len(differing) == 1
        assert one_word or Counter(good) == Counter(bad) or Counter(pair.good.lower()) == Counter(pair.bad.lower())


def test_the_known_answers_of_one_phenomenon():
    """Checked by hand: the four sentences of one frame."""
    frame = Frame("the [{being.sg}|{being.pl}] <is|are> {feeling} .")
    words = {slot: members[0] for slot, members in frame.fitting(lexicon()).items()}
    assert frame.fill(words) == (
        ("the boy is happy .", "the boy are happy ."),
        ("the boys are happy .", "the boys is happy ."),
    )


def test_same_seed_same_suite_and_a_small_one_begins_a_large_one(every_word):
    large = by_phenomenon(generate(every_word, items=30, seed=5).pairs)
    small = by_phenomenon(generate(every_word, items=10, seed=5).pairs)
    other = by_phenomenon(generate(every_word, items=10, seed=6).pairs)
    assert all(small[name] == large[name][:10] for name in large)
    assert all(small[name] != other[name] for name in large)


def test_the_order_of_the_counts_does_not_matter(every_word):
    backwards = dict(reversed(every_word.items()))
    assert generate(every_word, items=4) == generate(backwards, items=4)


def test_a_missing_word_of_a_frame_is_named(every_word):
    counts = {word: count for word, count in every_word.items() if word != "herself"}
    made = generate(counts, items=10)
    (lost,) = made.missing_phenomena
    assert (lost.phenomenon, lost.family) == ("anaphor_gender", "anaphor_agreement")
    assert "herself" in lost.reason
    assert not any(pair.phenomenon == "anaphor_gender" for pair in made.pairs)
    # Other phenomena go on with the frames that are left, and say which are not.
    parts = {item.phenomenon for item in made.missing if item.frame}
    assert parts == {"anaphor_number", "binding_domain", "binding_c_command"}
    assert sum(pair.phenomenon == "anaphor_number" for pair in made.pairs) == 10


def test_a_missing_class_is_named(every_word):
    mass = {lexeme.base for lexeme in lexicon()["mass"]}
    made = generate({word: count for word, count in every_word.items() if word not in mass}, items=10)
    (lost,) = made.missing_phenomena
    assert lost.phenomenon == "quantifier_mass_count"
    assert "class mass" in lost.reason


def test_too_few_words_for_so_many_pairs_is_said(every_word):
    """Two auxiliaries' frames with three words each give 27 quadruples, so 54 pairs at most."""
    kept = {lexeme.base for lexeme in lexicon()["mass"][:3] + lexicon()["thing"][:3] + lexicon()["have_to_do"][:1]}
    nouns = {lexeme.base for name in ("mass", "thing", "have_to_do", "place") for lexeme in lexicon()[name]}
    counts = {word: count for word, count in every_word.items() if word in kept or word not in nouns}
    made = generate(counts, items=400)
    reasons = {item.phenomenon: item.reason for item in made.missing_phenomena}
    assert re.search(r"only \d+ different pairs", reasons["quantifier_mass_count"])
    assert {len(pairs) for pairs in by_phenomenon(made.pairs).values()} == {400}


def test_only_words_that_the_corpus_has_often_enough(every_word):
    rare = dict(every_word)
    rare["dog"] = rare["princess"] = AT_LEAST - 1
    words = {word for pair in generate(rare, items=60).pairs for word in re.findall(r"\w+", pair.good.lower())}
    assert not {"dog", "princess"} & words
    assert "cat" in words


def test_a_corpus_without_the_words_is_refused():
    with pytest.raises(SuiteError, match="too few of the words") as caught:
        generate({"the": 100, "of": 90})
    assert "subject_verb_simple" in caught.value.hint


@pytest.mark.parametrize("items", [0, -2, 7])
def test_an_odd_number_of_items_is_refused(every_word, items):
    with pytest.raises(SuiteError, match=str(items)):
        generate(every_word, items=items)


def test_small_letters_and_no_marks_where_the_corpus_has_none(every_word):
    plain = Style(sentence_capital=False, name_capital=False, pronoun_capital=False, marks=False)
    for pair in generate(every_word, items=4, style=plain).pairs:
        assert re.fullmatch(r"[a-z ]+", pair.good)
        assert re.fullmatch(r"[a-z ]+", pair.bad)


# ---------------------------------------------------------------- the tables themselves


def test_frames_are_well_formed():
    """A frame has a context and one critical place, only known slots, and one end mark a version."""
    for phenomenon in phenomena():
        for frame in phenomenon.frames:
            assert re.search(r"\[[^\[\]]*\|[^\[\]]*\]", frame.text), frame.text
            assert frame.text.count("<") == frame.text.count(">") == 1, frame.text
            for context in (0, 1):
                for form in (0, 1):
                    version = frame.version(context, form)
                    assert not set("[]<>|") & set(version), frame.text
                    assert version.split()[-1] in {".", "?"}, frame.text
            for slot in frame.slots:
                assert len(frame.fitting(lexicon())[slot.name]) >= 3, (frame.text, slot)
        assert phenomenon.resembles, phenomenon.name


def test_no_phenomenon_is_written_twice():
    """YAML keeps the last of two equal keys and says nothing."""
    text = files("evaluation.grounded").joinpath("phenomena.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^(\w+):$", text, re.MULTILINE) == [phenomenon.name for phenomenon in phenomena()]
    frames = re.findall(r'^    - "(.*)"$', text, re.MULTILINE)
    assert len(set(frames)) == len(frames)


def test_articles_fit_the_sound_of_the_words():
    vowels = tuple("aeiou")
    assert all(lexeme.base.startswith(vowels) for lexeme in lexicon()["vowel"])
    assert not any(lexeme.base.startswith(vowels) for lexeme in lexicon()["consonant"] + lexicon()["thing"])


def test_forms_are_words_and_classes_hold_each_word_once():
    for name, members in lexicon().items():
        assert len({lexeme.base for lexeme in members}) == len(members), name
        for lexeme in members:
            # `true` and `no` are booleans in YAML unless quoted.
            assert all(isinstance(form, str) and re.fullmatch(r"[A-Za-z]+", form) for form in lexeme.forms.values())


def test_classes_that_must_not_share_words():
    """A verb that is both would make a bad sentence good."""

    def bases(*names):
        return {lexeme.base for name in names for lexeme in lexicon()[name]}

    assert not bases("obtain") & bases("happen", "do", "optional")
    assert not bases("transfer") & bases("perceive")
    assert not bases("male") & bases("female")
    assert not bases("he_name") & bases("she_name")
    for name, first, second in [("change", "past", "pp"), ("change", "base", "pp"), ("move", "past", "pp")]:
        assert all(lexeme.forms[first] != lexeme.forms[second] for lexeme in lexicon()[name])
