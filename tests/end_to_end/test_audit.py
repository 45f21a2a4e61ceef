"""The audit on real text beside the checkout: the official files as they are, and a corpus that was built from them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from curation.audit.audit import audit
from curation.audit.files import audit_files
from curation.corpus import Corpus
from curation.rules.profile import load_profile

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or ROOT.parent / "shared" / "data")
DOMAINS = ("bnc_spoken", "childes", "gutenberg", "open_subtitles", "simple_wiki", "switchboard")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason=f"no real data in {SHARED.parent.name}/{SHARED.name} (CURATE_SHARED_DATA)"
    ),
]


@pytest.mark.slow
def test_the_six_official_files_audit_as_they_are():
    """Train files of the six domains against the small budget; their dev files are held out and do not count."""
    paths = sorted(
        path for part in ("train", "dev") for path in SHARED.glob(f"text/*/babylm_form/*.{part}.zst")
        if path.name.split(".")[0] in DOMAINS
    )  # fmt: skip
    assert len(paths) == 12
    verdict = audit_files(paths, load_profile("babylm-2024-strict-small"))
    assert (verdict.status, verdict.words) == ("holds", 8_853_825), verdict.summary
    assert {source.name: source.words for source in verdict.sources} == {
        "bnc_spoken": 990_170, "childes": 911_387, "gutenberg": 3_344_949, "open_subtitles": 2_324_571,
        "simple_wiki": 1_135_959, "switchboard": 146_789,
    }  # fmt: skip
    assert verdict.finding("splits").status == "holds"
    limit = load_profile("babylm-2024-strict-small")
    small = limit.model_copy(update={"budget": limit.budget.model_copy(update={"value": 8_853_824})})
    assert audit_files(paths, small).finding("budget").amount == 1


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / "build/lookalike-strict-small").is_dir(), reason="lookalike-strict-small is not built")
def test_the_look_alike_of_ten_million_words():
    """Built from the shared data: every file, id and word is as it says, to the word."""
    verdict = audit(
        Corpus.open(ROOT / "build/lookalike-strict-small"),
        load_profile("babylm-2024-strict-small"),
        bases=[ROOT / "corpora_manifests"],
    )
    assert (verdict.status, verdict.words) == ("holds", 10_000_000), verdict.summary
    assert verdict.finding("sources").status == "holds"
