"""The catalogue: one step a file, in a folder named for what it does. ``kinds.py`` says what each kind must supply."""
