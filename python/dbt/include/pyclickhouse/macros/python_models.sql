{#
    dbt-clickhouse's own materializations, for Python models as well: the model runs, its rows are
    staged, and what follows selects them as it would the rows of a SQL model.
    dbt-core lets a model run from the materialization itself and from no macro that it calls.
#}
{% materialization table, adapter="pyclickhouse", supported_languages=["sql", "python"] %}
    {% if model.language == "python" %}
        {% call statement("python", language="python") %}{{ compiled_code }}{% endcall %}
        {% do context.update({"sql": "select * from " ~ adapter.staged(this)}) %}
    {% endif %}
    {{ return(dbt.materialization_table_clickhouse()) }}
{% endmaterialization %}

{% materialization incremental, adapter="pyclickhouse", supported_languages=["sql", "python"] %}
    {% if model.language == "python" %}
        {% call statement("python", language="python") %}{{ compiled_code }}{% endcall %}
        {% do context.update({"sql": "select * from " ~ adapter.staged(this)}) %}
    {% endif %}
    {{ return(dbt.materialization_incremental_clickhouse()) }}
{% endmaterialization %}

{# dbt-clickhouse's, which a Python model whose columns are all declared enters as under a contract. #}
{% macro pyclickhouse__create_table_as(temporary, relation, sql) -%}
    {%- set has_contract = config.get("contract").enforced
        or (model.language == "python" and adapter.is_declared(model)) -%}
    {{ clickhouse__create_empty_table(temporary, relation, sql, has_contract) }}
    {%- if not temporary %}
        {{ clickhouse__insert_into(relation, sql, has_contract) }}
    {%- endif %}
{%- endmacro %}
