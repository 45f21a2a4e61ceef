"""Run to results and comparison: scores models and compares them."""
