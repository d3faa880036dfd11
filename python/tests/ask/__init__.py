"""Questions and their answers, without an engine."""
