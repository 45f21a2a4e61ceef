"""Licences of the sources, the environment of the build, and the lock."""

from __future__ import annotations

from typing import Any

from curation.audit.report.markup import (
    NOT_RECORDED,
    Html,
    cell,
    code,
    count,
    details,
    esc,
    join,
    number,
    section,
    table,
)
from curation.audit.verdict import Verdict


def licences_section(lock: dict[str, Any]) -> Html:
    """Return the licence of each source and where it came from."""
    rows, unstated = [], 0
    for source in lock["sources"]:
        said = source["settings"].get("licence") or ""
        unstated += not said
        url = source["settings"].get("url") or ""
        rows.append(
            [
                source["name"],
                said or "not stated",
                source["settings"].get("domain") or "not stated",
                cell(_link(url)) if url else NOT_RECORDED,
                number(source["words"]),
            ]
        )
    different = len({row[1] for row in rows})
    finding = (
        f"{count(unstated, 'source states', 'sources state')} no licence."
        if unstated
        else f"Every source states a licence; there {'is' if different == 1 else 'are'} {different} in all."
    )
    head = ["source", "licence", "domain", "from", "words"]
    return section("licences", "Licences", finding, table(head, rows, label="Licences by source", numbers=(4,)))


def environment_section(lock: dict[str, Any], verdict: Verdict) -> Html:
    """Return what identifies the corpus, what it was made with and of, and every file with its digest."""
    same = bool(verdict.digest) and verdict.digest == lock.get("digest")
    finding = (
        "The digest computed anew equals the lock's: the text is the one that was built."
        if same
        else "The digest computed anew differs from the lock's."
        if verdict.digest
        else "The digest was not computed anew."
    )
    facts: list[tuple[str, Html]] = [
        ("digest in the lock", code(lock.get("digest", NOT_RECORDED))),
        ("digest computed anew", code(verdict.digest or NOT_RECORDED)),
        ("manifest fingerprint", code(lock.get("manifest_fingerprint", NOT_RECORDED))),
        ("seed", esc(lock.get("seed", NOT_RECORDED))),
        ("track", esc(lock.get("track") or "not stated")),
        ("a word is", esc(lock.get("word_definition", NOT_RECORDED))),
        (
            "made with",
            esc(", ".join(f"{name} {value}" for name, value in lock.get("tools", {}).items()) or NOT_RECORDED),
        ),
    ]
    listed = Html(f"<dl>{join(f'<dt>{esc(name)}</dt><dd>{value}</dd>' for name, value in facts)}</dl>")
    steps = [
        [
            step["name"],
            cell(code(f"{step['use']} v{step['version']}")),
            ", ".join(f"{name} {value}" for name, value in step["settings"].items() if value not in (None, [], ""))
            or "-",
        ]
        for step in lock["steps"]
    ]
    inputs = [
        [source["name"], file["name"], number(file["bytes"]), cell(code(file["sha256"]))]
        for source in lock["sources"]
        for file in source["files"]
    ]
    files = [[name, number(one["bytes"]), cell(code(one["sha256"]))] for name, one in lock.get("files", {}).items()]
    return section(
        "environment",
        "Environment and lock",
        finding,
        listed,
        details("Steps and their settings", table(["step", "version", "settings"], steps, label="Steps")),
        details(
            count(len(inputs), "source file"),
            table(["source", "file", "bytes", "SHA-256"], inputs, label="Source files", numbers=(2,)),
        ),
        details(
            f"{count(len(files), 'file')} of the corpus",
            table(["file", "bytes", "SHA-256"], files, label="Files of the corpus", numbers=(1,)),
        ),
    )


def _link(url: str) -> Html:
    """Return a link, if it is one that a browser should follow."""
    if not url.startswith(("https://", "http://")):
        return esc(url)
    return Html(f'<a href="{esc(url)}" rel="noreferrer noopener">{esc(url)}</a>')
