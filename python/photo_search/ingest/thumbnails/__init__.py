"""Thumbnails: fetched, kept, decoded."""
