"""Questions about photos, most of them asked through the project's macros, and their answers."""
