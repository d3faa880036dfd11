"""The search page, served and looked at."""
