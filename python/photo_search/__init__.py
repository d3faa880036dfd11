"""From photo URLs to vectors in Parquet, to a warehouse, to a page."""
