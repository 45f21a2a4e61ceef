import json
import re
from html.parser import HTMLParser

import pytest
import yaml

from curation.audit.badge import badge
from curation.audit.contamination import contamination
from curation.audit.datasheet import NOT_STATED, datasheet
from curation.audit.measured import FilterValues, Threshold
from curation.audit.report import write_report
from curation.audit.report.charts import bar, histogram, ranks
from curation.audit.report.markup import NOT_RECORDED, cell, code, esc, number, percent, table
from curation.audit.report.page import page
from curation.audit.statistics import statistics, text_statistics
from curation.audit.submission import submission
from curation.audit.verdict import Budget, BudgetPart, Finding, Reading, SourceWords, Verdict
from curation.core.auxiliary import AuxiliaryModel
from curation.core.errors import OutputError
from curation.core.questions import KEYS
from tests.unit.helpers import build_raw, build_texts, write_jsonl

EVIL = '<script>alert("1")</script><img src="http://evil.invalid/x.png">'
ORDER = [
    "verdict", "budget", "flow", "mixture", "filters", "reading", "duplicates", "removed", "auxiliary",
    "contamination", "licences", "environment",
]  # fmt: skip
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Checked(HTMLParser):
    """Reads a page and notes what a reviewer would object to."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.loads, self.links, self.tags, self.text = [], [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.tags.append(tag)
        if "id" in named:
            self.ids.append(named["id"])
        if tag == "a":
            self.links.append(named["href"])
        else:
            self.loads += [named[key] for key in ("src", "href", "data", "poster", "action") if key in named]
        assert not [key for key in named if key.startswith("on")], "no handler"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def verdict_of(corpus=None, **more):
    found = {
        "subject": "small" if corpus is None else corpus.lock["name"],
        "kind": "files" if corpus is None else "corpus",
        "profile": "babylm-2024-strict",
        "profile_title": "BabyLM 2024, strict",
        "status": "holds",
        "summary": "everything holds",
        "words": 10 if corpus is None else corpus.words,
        "documents": 2 if corpus is None else corpus.lock["documents"],
        "digest": "" if corpus is None else corpus.digest,
        "findings": (Finding(rule="budget", status="holds", message="fits", source="call, section 4"),),
        "budget": Budget(limit=100, counted=10, at_least=10, parts=(human(10),)),
        "sources": (SourceWords(name="docs", words=10, documents=2, by_origin={"human": 10}),),
    }
    return Verdict(**{**found, **more})


def human(words):
    return BudgetPart(name="human text", kind="human", words=words, counted=True, budget_words=words, source="docs")


def small(folder):
    texts = ["a b", "one two three four five", "six words are in this text"]
    return build_texts(folder, texts, [{"use": "filter.word_count", "min_words": 3, "max_words": 100}])


UNKNOWN = BudgetPart(name="text of p", kind="auxiliary", words=None, counted=True)


def test_every_section_stands_in_its_order_and_the_page_loads_nothing(tmp_path):
    """Verdict first; anchors lead somewhere; one file that needs no other."""
    corpus = small(tmp_path)
    text = page(corpus, verdict_of(corpus), statistics(corpus), None)
    found = Checked(text)
    sections = [name for name in found.ids if not name.endswith("-title")]
    assert sections == ORDER
    assert [link.lstrip("#") for link in found.links if link.startswith("#")] == ORDER
    assert found.open == []
    assert found.loads == ["data:,"]
    assert not {"script", "iframe", "object", "embed", "form"} & set(found.tags)
    assert not re.search(r"@import|url\(", text)
    assert text == page(corpus, verdict_of(corpus), statistics(corpus), None)


def test_everything_from_outside_is_escaped(tmp_path):
    """Texts, names, licences, messages and models may hold HTML: all of it is shown as text."""
    write_jsonl(tmp_path / "docs.jsonl", [EVIL, f"{EVIL} and more words {EVIL}", "a b c d e"] * 2)
    source = {"name": "docs", "use": "source.jsonl", "path": "docs.jsonl", "licence": EVIL, "domain": EVIL,
              "url": "javascript:alert(1)"}  # fmt: skip
    steps = [{"use": "filter.word_count", "min_words": 3}, {"use": "dedup.exact"}]
    corpus = build_raw(tmp_path, {"sources": [source], "steps": steps, "description": EVIL})
    reading = Reading(text=EVIL, source=EVIL, status="broken")
    finding = Finding(rule=EVIL, status="broken", message=EVIL, unit=EVIL, amount=1, documents=(EVIL,), source=EVIL,
                      readings=(reading, reading))  # fmt: skip
    model = AuxiliaryModel(name=EVIL, purpose="parser", version=EVIL, trained_on=EVIL, licence=EVIL, digest=EVIL)
    part = BudgetPart(name=EVIL, kind="auxiliary", words=None, counted=True, source=EVIL)
    verdict = verdict_of(
        corpus, subject=EVIL, summary=EVIL, status="broken", findings=(finding,), disclose=(EVIL,),
        auxiliary_models=(model,), budget=Budget(limit=5, counted=None, at_least=3, unit=EVIL, parts=(part,)),
    )  # fmt: skip
    items = write_jsonl(tmp_path / "eval" / f"{EVIL.replace('/', '')}.jsonl", ["a b c d e"])
    found = contamination(corpus, [items])
    paths = write_report(corpus, verdict, statistics(corpus, bases=[tmp_path]), found, tmp_path / "report")
    text = paths[0].read_text(encoding="utf-8")
    checked = Checked(text)
    assert checked.loads == ["data:,"]
    assert "script" not in checked.tags
    assert "img" not in checked.tags
    assert [link for link in checked.links if not link.startswith("#")] == []
    assert "".join(checked.text).count("<script>") > 20
    svg = (tmp_path / "report/badge.svg").read_text(encoding="utf-8")
    assert "<script" not in svg
    for name in ("datasheet.md", "README.md"):
        markdown = (tmp_path / "report" / name).read_text(encoding="utf-8").split("## ")
        assert markdown


def test_the_verdict_shows_both_readings_and_the_number():
    """What is broken comes first, then what cannot be said; the chosen reading is marked."""
    readings = (
        Reading(text="it counts", source="call", status="unknown", chosen=True),
        Reading(text="it is banned", source="faq", status="broken"),
    )
    findings = (
        Finding(rule="budget", status="broken", message="one word too many", amount=1, unit="words", source="call"),
        Finding(rule="parser", status="unknown", message="no size", source="call", readings=readings),
        Finding(rule="digest", status="holds", message="same", source="curate"),
        Finding(rule="exposure", status="not_checked", message="a matter of training", source="call"),
    )
    text = "".join(Checked(page(None, verdict_of(status="broken", findings=findings), None, None)).text)
    assert "1 rule is broken, 1 cannot be said, 1 holds." in text
    places = [text.index(one) for one in ("by 1 word", "Chosen reading", "It counts", "Other reading", "It is banned")]
    assert places == sorted(places)
    assert "Integrity: 1 check holds" in text
    assert "A matter of training" in text


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (Budget(limit=100, counted=100, at_least=100, parts=(human(100),)), "All 100 words of the budget are spent"),
        (Budget(limit=100, counted=90, at_least=90, parts=(human(90),)), "90 of 100 words are spent, 10 are left."),
        (Budget(limit=100, counted=101, at_least=101, parts=(human(101),)), "101 words are spent, 1 more than the 100"),
        (Budget(limit=None, counted=5, at_least=5, parts=(human(5),)), "5 words are counted; no limit applies."),
        (Budget(limit=100, counted=None, at_least=9, parts=(human(9), UNKNOWN)), "At least 9 of 100 words are spent"),
        (Budget(limit=100, counted=None, at_least=0), "The parts of the budget were not recorded."),
    ],
)  # fmt: skip
def test_the_budget_says_what_is_spent(budget, said):
    """Unknown is said to be unknown, and never drawn as nothing."""
    text = page(None, verdict_of(budget=budget), None, None)
    assert said in "".join(Checked(text).text)
    assert ("unknown-size" in re.sub(r"(?s)<style>.*</style>", "", text)) == any(p.words is None for p in budget.parts)


def test_what_is_missing_is_said(tmp_path):
    """Plain files have no ledger; a damaged corpus has no statistics: both are named, none invented."""
    (tmp_path / "a.train").write_text("One two three.\n", encoding="utf-8")
    files = "".join(Checked(page(None, verdict_of(), text_statistics([tmp_path / "a.train"]), None)).text)
    assert "Flow, Mixture, Filters, Duplicates, Removed, Licences, Lock: plain text files hold nothing of it." in files
    assert "no file of norms was given" in files
    corpus = small(tmp_path)
    (corpus.folder / "ledger.parquet").write_bytes(b"no parquet")
    damaged = "".join(Checked(page(corpus, verdict_of(corpus), None, None)).text)
    assert "Not recorded: the ledger cannot be read as the lock says." in damaged
    assert "Filters, Readability, Duplicates, Removed: the corpus was too damaged" in damaged


def test_evaluation_text_is_named_and_not_quoted(tmp_path):
    """Some suites forbid to pass their text on."""
    private = "a secret sentence which nobody may ever publish anywhere at all"
    corpus = build_texts(tmp_path, [f"x {private}", "y z"])
    found = contamination(corpus, [write_jsonl(tmp_path / "eval/ewok.jsonl", [private])])
    without = page(corpus, verdict_of(corpus), None, found)
    assert "eval/ewok:1" in without
    assert "secret" not in without
    assert "secret" not in found.model_dump_json()


def test_the_files_of_a_report(tmp_path):
    """JSON that reads back, a card whose front matter is YAML, and nothing inside the corpus."""
    corpus = small(tmp_path)
    found = statistics(corpus)
    paths = write_report(corpus, verdict_of(corpus), found, None, tmp_path / "report")
    assert [path.name for path in paths] == [
        "audit.html", "audit.json", "datasheet.md", "README.md", "submission.json", "badge.svg",
    ]  # fmt: skip
    assert all(path.is_file() for path in paths)
    record = json.loads((tmp_path / "report/audit.json").read_text(encoding="utf-8"))
    assert Verdict.model_validate(record["verdict"]) == verdict_of(corpus)
    assert type(found).model_validate(record["statistics"]) == found
    assert record["contamination"] is None
    front = (tmp_path / "report/README.md").read_text(encoding="utf-8").split("---\n")[1]
    assert yaml.safe_load(front)["configs"][0]["data_files"] == "data/*.parquet"
    with pytest.raises(OutputError, match="lies inside the corpus"):
        write_report(corpus, verdict_of(corpus), found, None, corpus.folder / "report")
    paths = write_report(None, verdict_of(), None, None, tmp_path / "plain")
    assert yaml.safe_load(paths[3].read_text(encoding="utf-8").split("---\n")[1])["pretty_name"] == "small"


def test_the_datasheet_asks_every_question_and_marks_what_nobody_answered(tmp_path):
    """Numbers come from the audit, a maker's own answers are marked, the rest is not stated."""
    corpus = small(tmp_path)
    corpus.lock["datasheet"] = {"funding": "A *grant*.", "count": "Few."}
    text = datasheet(corpus, verdict_of(corpus), statistics(corpus), None)
    assert text.count("**") == 2 * len(KEYS)
    assert "*Stated:* A \\*grant\\*." in text
    assert "2 documents, 11 words" in text
    assert "*Stated:* Few." in text
    assert text.count(NOT_STATED) > 10
    assert "1 by `" not in text
    assert "`filter.word_count`, version 1" in text
    assert "Not looked for." in text
    assert NOT_STATED in datasheet(None, verdict_of(), None, None)


def test_the_form_has_a_value_or_a_reason_for_each_field(tmp_path):
    """39 fields; a null without a reason would be filled with a guess."""
    corpus = small(tmp_path)
    form = submission(corpus, verdict_of(corpus, profile="babylm-2026-strict-small"))
    fields = form["fields"]
    assert len(fields) == 39
    assert all((one["value"] is not None) != bool(one.get("reason")) for one in fields.values())
    assert fields["track"] == {"value": "strict-small"}
    assert fields["datasize"] == {"value": 11e-6}
    assert fields["data_preprocessing"] == {"value": "filter.word_count (min_words 3, max_words 100)"}
    assert fields["data_aug"] == {"value": "No"}
    assert fields["flops"]["value"] is None
    made = (SourceWords(name="docs", words=9, documents=1, by_origin={"human": 4, "model:m": 5}),)
    teacher = (AuxiliaryModel(name="Llama", purpose="generator"),)
    form = submission(corpus, verdict_of(corpus, sources=made, auxiliary_models=teacher, profile="own"))
    assert form["fields"]["data_aug"] == {"value": "Yes"}
    assert form["fields"]["teacher_models"] == {"value": "Llama"}
    assert form["fields"]["track"]["value"] is None
    plain = submission(None, verdict_of(profile=""))["fields"]
    assert all((one["value"] is not None) != bool(one.get("reason")) for one in plain.values())


@pytest.mark.parametrize(
    ("status", "said"), [("holds", "holds, 10 words"), ("broken", "broken"), ("unknown", "cannot say")]
)
def test_the_badge_says_the_verdict(status, said):
    """An SVG that needs no font and no network, with its words for those who hear it."""
    import xml.etree.ElementTree as ET

    root = ET.fromstring(badge(verdict_of(status=status)))  # noqa: S314  (our own)
    assert said in "".join(root.itertext())
    assert "babylm-2024-strict" in root.attrib["aria-label"]


def test_charts_stay_inside_their_box():
    """A removed document beyond the edges, a threshold at the end, one bin: none leaves the drawing."""
    values = FilterValues(
        step="s", use="filter.s", thresholds=(Threshold(setting="max_x", value=2.0),), edges=(0.0, 1.0, 2.0),
        logarithmic=False, kept=(3, 1), removed=(0, 9), stride=1, near=(),
    )  # fmt: skip
    drawn = histogram(values)
    spans = [
        (float(x), float(wide)) for x, wide in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn)
    ]
    assert len(spans) == 3
    assert all(x >= 0 and x + wide <= 340 for x, wide in spans)
    assert "max_x 2" in drawn
    line = ranks([("s0", "a", [(1, 1000), (10, 20), (300, 1)]), ("s1", "b", [])])
    assert line.count("<polyline") == 2
    assert 'x="50.000%" width="50.000%"' in bar([(0.5, "s0", "a"), (0.5, "s1", "b"), (0.0, "s2", "")], "both")


def test_markup():
    """Small pieces: what is unknown says so, what is small is not nothing, what is hidden is shown."""
    assert (number(None), number(1234.5, 1), percent(None)) == (NOT_RECORDED, "1,234.5", NOT_RECORDED)
    assert [percent(one) for one in (0, 0.0001, 0.1234, 1)] == ["0%", "< 0.1%", "12.3%", "100%"]
    assert esc("a\x00\u202eb<&\"'>") == "a\ufffd\ufffdb&lt;&amp;&quot;&#x27;&gt;"
    assert (
        table(
            ["<h>"],
            [
                [
                    "<td>",
                ],
                [cell(code("<c>"))],
            ],
            label="l",
        ).count("&lt;")
        == 3
    )
