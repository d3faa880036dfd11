"""Pages that are complete in themselves: the gallery, a comparison, the answer of one search."""
