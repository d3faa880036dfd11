{# The materializations of dbt-clickhouse, for Python models as well. The model's rows fill a
    staged table, and the materialization renames it where it would create a table. dbt-core runs a
    model only from the materialization itself, and not from a macro that it calls. #}
{% materialization table, adapter="clickhouse_python", supported_languages=["sql", "python"] %}
    {% if model.language == "python" %}
        {% call statement("python", language="python") %}{{ compiled_code }}{% endcall %}
        {% do context.update({"sql": staged_rows()}) %}
    {% endif %}
    {{ return(dbt.materialization_table_clickhouse()) }}
{% endmaterialization %}

{% materialization incremental, adapter="clickhouse_python", supported_languages=["sql", "python"] %}
    {% if model.language == "python" %}
        {% call statement("python", language="python") %}{{ compiled_code }}{% endcall %}
        {% do context.update({"sql": staged_rows()}) %}
    {% endif %}
    {{ return(dbt.materialization_incremental_clickhouse()) }}
{% endmaterialization %}

{# Fill the staged table. If the YAML declares all columns, the table has a contract, as in
    dbt-clickhouse. #}
{% macro staged_rows() -%}
    {%- set rows = load_result("python").response -%}
    {%- set staged = adapter.staged(this) -%}
    {%- do drop_relation_if_exists(load_cached_relation(staged)) -%}
    {%- do clickhouse__create_empty_table(false, staged, rows.columns, adapter.is_declared(model)) -%}
    {%- do adapter.cache_added(staged) -%}
    {%- do adapter.insert_rows(staged, rows, config.get("query_settings", {})) -%}
    {{ return("select * from " ~ staged) }}
{%- endmacro %}

{# The rows of a Python model are already in the staged table, so rename it. #}
{% macro clickhouse_python__create_table_as(temporary, relation, sql) -%}
    {%- if model.language == "python" -%}
        {%- do adapter.cache_dropped(adapter.staged(this)) -%}
        rename table {{ adapter.staged(this) }} to {{ relation }} {{ on_cluster_clause(relation) }}
    {%- else -%}
        {{ clickhouse__create_table_as(temporary, relation, sql) }}
    {%- endif -%}
{%- endmacro %}

{# A Python model's columns come from its YAML, so there is nothing to compare. #}
{% macro clickhouse_python__get_assert_columns_equivalent(sql) -%}
    {%- if model.language != "python" -%}
        {{ clickhouse__get_assert_columns_equivalent(sql) }}
    {%- endif -%}
{%- endmacro %}
