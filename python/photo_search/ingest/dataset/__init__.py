"""The Unsplash dataset on disk."""
