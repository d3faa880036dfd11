"""The page, drawn and looked at."""
