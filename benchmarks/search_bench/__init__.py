"""The parts of benchmarks/search.py: data, engines in processes, dbt, the report."""
