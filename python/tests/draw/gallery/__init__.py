"""Tests of the gallery: what is drawn, and how it looks."""
