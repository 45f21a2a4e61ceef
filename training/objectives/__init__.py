"""What a model learns to predict: one objective a file; ``settings.py`` is free of torch."""
