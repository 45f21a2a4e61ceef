"""Kinds of tasks: what the files in ``evaluation/tasks`` are made of."""
