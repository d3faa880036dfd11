"""Tests of the search page: its answers, and how it looks."""
