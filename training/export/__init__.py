"""From a trained model to a folder that Hugging Face's Auto classes load."""
