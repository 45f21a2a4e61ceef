"""Corpus to run: trains language models on a corpus of curate. Nothing here yet."""
