{#
    A table whose vector index is complete whenever searches see it. On a first run, a full refresh
    or a changed index, a new table is filled, merged, indexed and then swapped in. If that fails,
    the old table stays. New rows are appended, and the run waits until the index covers them. For
    changed and vanished rows it depends on the engine: a new table, or delete and insert.
#}
{% materialization vector_table, adapter="clickhouse", supported_languages=["sql", "python"] %}

    {% if model.language == "python" %}
        {% call statement("python", language="python") %}{{ compiled_code }}{% endcall %}
        {% set sql = staged_rows() %}
    {% endif %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type="table") -%}
    {%- set building = make_intermediate_relation(target_relation) -%}
    {%- set index = vector_index_config() -%}
    {%- set key = config.require("unique_key") -%}

    {% do begin_build(building) %}

    {% if must_be_rebuilt(existing, index, sql) %}
        {% do require_vector_index_type(building, index) %}
        {% call statement("main") %}
            {{ get_create_table_as_sql(False, building, sql) }}
        {% endcall %}
        {% do build_vector_index(building, index) %}
        {% do put_in_place(building, existing, target_relation) %}
    {% else %}
        {% if not deleted_rows_stay_in_the_index() and has_changed_rows(existing, sql) %}
            {% do delete_changed_rows(existing, building, key, sql) %}
        {% endif %}
        {%- set new_rows -%}
            select * from ({{ sql }}) where {{ key }} not in (select {{ key }} from {{ existing }})
        {%- endset -%}
        {% call statement("main") %}
            {{ clickhouse__insert_into(existing, new_rows, true) }}
        {% endcall %}
        {% do wait_for_vector_index(existing) %}
    {% endif %}

    {% do finish_build(target_relation, existing) %}

    {{ return({"relations": [target_relation]}) }}

{% endmaterialization %}
