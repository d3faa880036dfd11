"""Answers as people see them: pages, and tables on a terminal."""
