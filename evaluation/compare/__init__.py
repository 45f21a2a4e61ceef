"""Two evaluations compared: differences on the same items, and what the artifacts know to separate the models."""

from evaluation.compare.tasks import Comparison, TaskDifference, compare

__all__ = ["Comparison", "TaskDifference", "compare"]
