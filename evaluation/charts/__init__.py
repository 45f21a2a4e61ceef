"""Charts as SVG text: no library, no script, readable in light and dark, the same bytes for the same numbers."""
