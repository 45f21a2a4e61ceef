"""The profiles that ship say what the calls say, and a user's own is read or refused with the rule's name."""

import pytest

from curation.rules.profile import ProfileError, load_profile, profile_names

M = 1_000_000


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_cites_its_sources(name):
    """A rule without a place where it is written is an opinion."""
    profile = load_profile(name)
    assert profile.name == name
    parts = (profile.counts, profile.exposure)
    rules = [getattr(part, field) for part in parts for field in type(part).model_fields]
    rules += [profile.budget, profile.own_data, *profile.auxiliary.values(), *profile.disclose]
    for rule in rules:
        assert "curate" not in rule.source
        assert profile.cite(rule.source) != rule.source
        for reading in rule.readings:
            assert profile.cite(reading.source) != reading.source
        assert not rule.readings or rule.because


@pytest.mark.parametrize(
    ("name", "budget", "seen", "epochs", "marks"),
    [
        ("babylm-2023-strict", 100 * M, None, None, None),
        ("babylm-2023-strict-small", 10 * M, None, None, None),
        ("babylm-2023-loose", 100 * M, None, None, None),
        ("babylm-2024-strict", 100 * M, None, None, None),
        ("babylm-2024-strict-small", 10 * M, None, None, None),
        ("babylm-2024-multimodal", 100 * M, None, None, None),
        ("babylm-2025-strict", 100 * M, 1000 * M, None, 1000 * M),
        ("babylm-2025-strict-small", 10 * M, 100 * M, None, 100 * M),
        ("babylm-2025-multimodal", 100 * M, 1000 * M, None, 1000 * M),
        ("babylm-2025-interaction", 100 * M, 1000 * M, None, 1000 * M),
        ("babylm-2026-strict", 100 * M, 1000 * M, 10, 1000 * M),
        ("babylm-2026-strict-small", 10 * M, 100 * M, 10, 100 * M),
        ("babylm-2026-multilingual", 100 * M, 1000 * M, 10, 1000 * M),
    ],
)
def test_the_numbers_of_each_year(name, budget, seen, epochs, marks):
    """The numbers that everything else hangs on."""
    profile = load_profile(name)
    exposure = profile.exposure
    assert profile.budget.value == budget
    assert (exposure.words.value, exposure.epochs.value, exposure.milestones.value) == (seen, epochs, marks)
    assert profile.own_data.value is not name.startswith("babylm-2023-strict")


def test_what_the_sources_disagree_on():
    """2024's call and the site's FAQ of that year; both are kept, the choice is explained."""
    rule = load_profile("babylm-2024-strict").treatment("parser")
    assert [reading.value for reading in rule.readings] == ["counts", "banned"]
    assert rule.value == "counts"
    assert load_profile("babylm-2023-strict").treatment("parser").value == "banned"
    assert load_profile("babylm-2025-interaction").treatment("teacher").value == "free"


def test_byte_premiums():
    """Dutch needs more bytes than English, Chinese fewer."""
    premiums = load_profile("babylm-2026-multilingual").premiums
    assert premiums.languages.value == {"eng_latn": 1.0, "nld_latn": 1.0516, "zho_hans": 0.936, "zho_hant": 0.9894}
    assert premiums.bytes_per_word.value == 5.43


def test_a_profile_of_ones_own(tmp_path):
    """A lab's house rules start from a year's and change one."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        "extends: babylm-2025-strict-small\nname: mine\ntitle: Ours\nsources: {lab: our wiki}\n"
        "budget: {value: 5_000_000, source: lab page 3}\nauxiliary: {any: {value: banned, source: lab}}\n"
    )
    profile = load_profile(path)
    assert (profile.budget.value, profile.exposure.words.value) == (5 * M, 100 * M)
    assert profile.cite(profile.budget.source) == "our wiki, page 3"
    assert profile.treatment("teacher").value == "banned"
    assert profile.treatment("generator").value == "free"  # as below it: only `any` was replaced


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: babylm-2024-strct\n", "did you mean 'babylm-2024-strict"),
        ("extends: babylm-2024-strict\nbudget: {value: many, source: cfp-2024}\n", "budget.value"),
        ("extends: babylm-2024-strict\nbudget: {value: 1, source: rumour}\n", "'rumour' cites nothing"),
        ("extends: babylm-2024-strict\nbudgt: {value: 1, source: cfp-2024}\n", "budgt"),
        (
            "extends: babylm-2024-strict\nauxiliary: {parsers: {value: free, source: cfp-2024}}\n",
            "no purpose 'parsers'",
        ),
        ("extends: mine.yaml\n", "goes in a circle"),
        (
            "extends: babylm-2024-strict\nbudget: {value: 1, source: b, readings: [{value: 2, says: a, source: b}]}\n",
            "exactly one of them",
        ),
        ("- a list\n", "cannot be used"),
        ("name: mine\n", "budget: Field required"),
    ],
)
def test_a_profile_that_is_wrong(tmp_path, text, said):
    """Which rule, and what is allowed."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert said in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_no_such_profile():
    """A typo gets the nearest name."""
    with pytest.raises(ProfileError, match="no such rule profile") as caught:
        load_profile("babylm-2024-strict-smal")
    assert "babylm-2024-strict-small" in caught.value.hint
