"""Questions about photos, asked through the project's macros, and their answers."""
