"""Models as the scorers run them: tokens in, logits at the wanted places out."""
