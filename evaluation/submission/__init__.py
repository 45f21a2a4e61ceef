"""Prediction files of the challenge, each year's own: written, validated, and laid out as the official scripts do."""

from evaluation.submission.official_tree import write_tree
from evaluation.submission.validate import validate
from evaluation.submission.write import write_submission

__all__ = ["validate", "write_submission", "write_tree"]
