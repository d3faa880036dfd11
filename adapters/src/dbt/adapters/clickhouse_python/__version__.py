# dbt reads this. It follows dbt-clickhouse, whose behaviour the adapter inherits.
version = "1.10.3"
