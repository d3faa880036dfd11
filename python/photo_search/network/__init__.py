"""Requests over the internet, to allowed hosts alone."""
