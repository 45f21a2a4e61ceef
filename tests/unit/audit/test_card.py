import pyarrow.parquet as pq
import pytest
import yaml

from tests.unit.helpers import build_raw, write_jsonl


@pytest.fixture
def corpus(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", ["a b c d e", "f"])
    raw = {
        "description": "Pipes | and: colons\nin two lines",
        "sources": [
            {
                "name": "a", "use": "source.jsonl", "path": "a.jsonl", "licence": "CC0 | or so", "url": "https://example.org/a",
                "domain": "a|b\nc",
            },
        ],
        "select": [{"use": "select.word_budget", "words": 5, "nested": [2, 3]}],
    }  # fmt: skip
    return build_raw(tmp_path, raw)


def front_of(corpus):
    _, front, body = (corpus.folder / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(front), body


def test_the_front_matter_names_the_files(corpus):
    """`datasets.load_dataset(folder)` obeys it."""
    front, _ = front_of(corpus)
    configs = {one["config_name"]: one["data_files"] for one in front["configs"]}
    assert configs == {"default": "data/*.parquet", "2": "subsets/2/*.parquet", "3": "subsets/3/*.parquet"}
    assert front["size_categories"] == ["n<1K"]
    for name, pattern in configs.items():
        words = [sum(pq.read_table(path).column("words").to_pylist()) for path in corpus.folder.glob(pattern)]
        assert words == [int(name) if name.isdigit() else 5]


def test_the_tables_hold_their_columns(corpus):
    """A licence with a pipe in it must not move the numbers."""
    _, body = front_of(corpus)
    rows = [line for line in body.split("\n") if line.startswith("|")]
    widths = {line.replace("\\|", "").count("|") for line in rows}
    assert widths == {7, 8}
    assert "| [a](https://example.org/a) | 5 | 100.0% | 6 | CC0 \\| or so | a\\|b c |" in rows
    assert f"exactly **{5:,} words**" in body
    assert corpus.digest in body
