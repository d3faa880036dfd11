"""Parquet files in, source tables of a dbt target out."""
