"""The dataset card: a README that people read and ``datasets.load_dataset`` obeys."""

from __future__ import annotations

from typing import Any

import yaml


def dataset_card(lock: dict[str, Any]) -> str:
    """Return the card, with YAML front matter that names the Parquet files."""
    configs = [{"config_name": "default", "default": True, "data_files": "data/*.parquet"}]
    configs += [{"config_name": size, "data_files": f"subsets/{size}/*.parquet"} for size in lock["subsets"]]
    front = {
        "pretty_name": lock["name"],
        "language": ["en"],
        "task_categories": ["text-generation", "fill-mask"],
        "size_categories": [_size(lock["documents"])],
        "configs": configs,
    }
    licences = sorted({source["settings"]["licence"] or "not stated" for source in lock["sources"]})
    parts = [
        f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n",
        f"# {lock['name']}\n",
        lock["description"] + "\n" if lock["description"] else "",
        (
            f"A text corpus of exactly **{lock['words']:,} words** in {lock['documents']:,} documents, built with "
            f"[curate](https://pypi.org/project/curate-corpora/) {lock['tools']['curate']}. "
            f"A word is {lock['word_definition']}.\n"
        ),
        f"Digest: `{lock['digest']}`\n",
        "## Sources\n",
        "| source | words | share | words read | licence | domain |\n|---|---:|---:|---:|---|---|",
        *(
            f"| {_cell(_linked(source))} | {source['words']:,} | {_share(source['words'], lock['words'])} "
            f"| {source['words_read']:,} | {_cell(source['settings']['licence'] or 'not stated')} "
            f"| {_cell(source['settings']['domain'])} |"
            for source in lock["sources"]
        ),
        "\n## Steps\n",
        "| step | what | words in | added | dropped | words out | documents dropped |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(
            f"| {_cell(step['name'])} | `{step['use']}` | {step['words_in']:,} | {step['added']:,} "
            f"| {step['dropped']:,} | {step['words_out']:,} | {step['documents_dropped']:,} |"
            for step in lock["steps"]
        ),
        "\n## Use\n",
        "```python\nfrom datasets import load_dataset\n",
        'corpus = load_dataset("path/to/this/folder", split="train")\n```\n',
        (
            "`ledger.parquet` says for every input document where it ended and why; `corpus.lock` holds all settings "
            "and digests: `curate build --locked` reproduces them or fails.\n"
        ),
        f"Licences of the parts: {'; '.join(licences)}.\n",
    ]
    return "\n".join(part for part in parts if part)


def _linked(source: dict[str, Any]) -> str:
    url = source["settings"]["url"]
    return f"[{source['name']}]({url})" if url.startswith(("https://", "http://")) else source["name"]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "-"


def _size(documents: int) -> str:
    for limit, name in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")):
        if documents < limit:
            return name
    return "1M<n<10M"
