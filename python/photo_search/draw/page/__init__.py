"""The live search page: a local server over a dbt target."""
