"""Photo URLs in, Parquet files with vectors out."""
