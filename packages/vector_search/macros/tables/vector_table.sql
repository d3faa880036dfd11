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
    {%- set index = vector_search.index_config() -%}
    {%- set key = config.require("unique_key") -%}

    {% do vector_search.begin_build(building) %}

    {% if vector_search.must_be_rebuilt(existing, index, sql) %}
        {% do vector_search.require_index_type(building, index) %}
        {% call statement("main") %}
            {{ get_create_table_as_sql(False, building, sql) }}
        {% endcall %}
        {% do vector_search.build_index(building, index) %}
        {% do vector_search.put_in_place(building, existing, target_relation) %}
    {% else %}
        {% if not vector_search.deleted_rows_stay_in_the_index() and vector_search.has_changed_rows(existing, sql) %}
            {% do vector_search.try_out_new_rows(existing, building, sql) %}
            {% do vector_search.delete_changed_rows(existing, building, key, sql) %}
        {% endif %}
        {%- set new_rows -%}
            select * from ({{ sql }}) where {{ key }} not in (select {{ key }} from {{ existing }})
        {%- endset -%}
        {% call statement("main") %}
            {{ clickhouse__insert_into(existing, new_rows, true) }}
        {% endcall %}
        {% do vector_search.wait_for_index(existing) %}
    {% endif %}

    {% do vector_search.finish_build(target_relation, existing) %}

    {{ return({"relations": [target_relation]}) }}

{% endmaterialization %}
