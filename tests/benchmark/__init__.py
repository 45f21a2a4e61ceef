"""Benchmark of `curate build` against peer pipelines."""
