"""Model families, one file each; ``settings.py`` holds their sizes and is free of torch."""
