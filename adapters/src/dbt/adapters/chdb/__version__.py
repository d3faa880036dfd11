version = "1.10.3"  # dbt reads it; follows dbt-clickhouse, whose behaviour this adapter inherits
