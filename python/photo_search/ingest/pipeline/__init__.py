"""The run that turns a dataset into Parquet files."""
