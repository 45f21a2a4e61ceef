"""The report in a real browser: it renders, fits a phone, says nothing on the console, and loads nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from curation.audit.contamination import contamination
from curation.audit.report import write_report
from curation.audit.statistics import statistics
from curation.audit.verdict import Budget, BudgetPart, Finding, Reading, SourceWords, Verdict
from curation.core.auxiliary import AuxiliaryModel
from tests.unit.helpers import build_raw, write_jsonl

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: the report is not tried in a browser"),
]
LONG = "averyveryverylongnamewithoutanyspaceinit_" * 4
#: Measures a page in a frame as wide as a phone, everything that is folded away opened.
_FRAME = """<!doctype html><title>frame</title>
<iframe id="page" style="width:{width}px;height:900px;border:0" src="{page}"></iframe><pre id="out"></pre>
<script>onload = () => {{
  const inner = page.contentDocument, root = inner.documentElement;
  for (const one of inner.querySelectorAll("details")) one.open = true;
  const inside = (one) => one.closest(".scroll, nav, svg, .text");
  const wide = [...inner.querySelectorAll("body *")].filter((one) => !inside(one)
    && one.getBoundingClientRect().right > root.clientWidth + 0.5).map((one) => one.outerHTML.slice(0, 80));
  const box = inner.querySelector("section .scroll");
  out.textContent = JSON.stringify({{width: root.clientWidth, scroll: root.scrollWidth, wide,
    height: root.scrollHeight, sections: inner.querySelectorAll("section").length,
    background: inner.defaultView.getComputedStyle(inner.body).backgroundColor,
    bars: [...inner.querySelectorAll("svg.bar rect")].filter((one) => one.getBoundingClientRect().width > 0).length,
    folded: box !== null}});
}};</script>
"""


def report(folder: Path) -> Path:
    texts = [f"{word} is here in a text of its own and it goes on" for word in "abcdefghij"] + ["too short", LONG]
    twins = ["the very same text stands here twice and one of them goes"] * 2
    write_jsonl(folder / "docs.jsonl", [*texts, *twins])
    write_jsonl(folder / "more.jsonl", [f"another source says that {text} " + LONG for text in texts])
    sources = [
        {
            "name": name,
            "use": "source.jsonl",
            "path": f"{name}.jsonl",
            "licence": f"CC BY 4.0 {LONG}",
            "domain": "speech",
        }
        for name in ("docs", "more")
    ]
    steps = [{"use": "filter.word_count", "min_words": 3, "max_words": 100}, {"use": "dedup.exact"}]
    corpus = build_raw(folder, {"sources": sources, "steps": steps, "output": {"text": True}})
    readings = (
        Reading(text="It counts towards the budget.", source=f"call {LONG}", status="unknown", chosen=True),
        Reading(text="It may not be used.", source="faq", status="broken"),
    )
    verdict = Verdict(
        subject=f"small {LONG}", kind="corpus", profile="babylm-2024-strict", profile_title="BabyLM 2024, strict",
        status="broken", summary="One word too many.", words=corpus.words, documents=corpus.lock["documents"],
        digest=corpus.digest,
        findings=(
            Finding(
                rule="budget", status="broken", message=LONG, amount=1, unit="words", documents=(LONG,), source="call"
            ),
            Finding(rule="parser", status="unknown", message="no size", source="call", readings=readings),
            Finding(rule="digest", status="holds", message="the same", source="curate"),
        ),
        budget=Budget(
            limit=100, counted=None, at_least=101,
            parts=(
                BudgetPart(name="human text", kind="human", words=90, counted=True, budget_words=90, source="docs"),
                BudgetPart(name="rule-made", kind="rule", words=6, counted=True, budget_words=6, source="docs"),
                BudgetPart(name="by m", kind="model", words=5, counted=True, budget_words=5, source="more"),
                BudgetPart(name=f"text of {LONG}", kind="auxiliary", words=None, counted=True),
            ),
        ),
        sources=(SourceWords(name="docs", words=90, documents=10, by_origin={"human": 90}),),
        auxiliary_models=(AuxiliaryModel(name=LONG, purpose="parser", trained_on=LONG),),
    )  # fmt: skip
    items = write_jsonl(folder / "eval/task.jsonl", ["a is here in a text of its own", f"unseen {LONG}"])
    norms = folder / "norms.csv"
    norms.write_text("Word,AoA\nis,2\ntext,5\nown,9\n", encoding="utf-8")
    found = statistics(corpus, norms=norms, bases=[folder])
    return write_report(corpus, verdict, found, contamination(corpus, [items]), folder / "report")[0]


def seen(folder: Path, page: Path, *options: str, width: int = 380) -> tuple[dict[str, object], str, set[str]]:
    """Return what was measured, what the console said, and the URLs that the page itself asked for."""
    frame, log = folder / "frame.html", folder / "net.json"
    frame.write_text(_FRAME.format(width=width, page=page.as_uri()), encoding="utf-8")
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files",
            "--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=3000", "--window-size=1280,1000",
            *options, "--dump-dom", frame.as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    measured = re.search(r'<pre id="out">(\{.*\})</pre>', done.stdout)
    assert measured, done.stdout[-2000:]
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = [one["params"] for one in events if isinstance(one.get("params"), dict) and "url" in one["params"]]
    # The browser's own requests have no page that started them.
    by_page = {one["url"] for one in asked if one.get("initiator", "not an origin") != "not an origin"}
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return json.loads(measured[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")), console, by_page


def test_the_report_fits_a_phone_and_loads_nothing(tmp_path):
    """At 380 px nothing is wider than the screen, however long a name; no console message; no request."""
    page = report(tmp_path)
    found, console, asked = seen(tmp_path, page)
    assert found["sections"] == 12
    assert found["wide"] == []
    assert (found["width"], found["scroll"]) == (380, 380)
    assert found["height"] > 3000
    assert found["bars"] > 10
    assert (console, asked) == ("", set())


def test_the_report_is_light_or_dark_as_the_reader_prefers(tmp_path):
    """The background follows `prefers-color-scheme`; a desk is as good as a phone."""
    page = report(tmp_path)
    colours = {}
    for scheme, value in (("dark", 0), ("light", 1)):
        folder = tmp_path / scheme
        folder.mkdir()
        found, console, _ = seen(folder, page, f"--blink-settings=preferredColorScheme={value}", width=1200)
        assert (found["wide"], console) == ([], "")
        colours[scheme] = sum(int(part) for part in re.findall(r"\d+", str(found["background"]))[:3])
    assert colours["dark"] < 150
    assert colours["light"] > 650


def test_a_page_that_loads_something_is_caught(tmp_path):
    """The test above sees requests and console messages: here is a page that makes both."""
    page = tmp_path / "leak.html"
    page.write_text(
        '<!doctype html><section><img src="http://example.invalid/x.png"></section>'
        '<p style="width:900px">wide</p><script>console.error("bad")</script>',
        encoding="utf-8",
    )
    found, console, asked = seen(tmp_path, page)
    assert found["wide"]
    assert "bad" in console
    assert asked == {"http://example.invalid/x.png"}
