"""What benchmarks/search.py measures with: data, engines in processes, dbt, the report."""
