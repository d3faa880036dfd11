"""Pictures to vectors with CLIP."""
