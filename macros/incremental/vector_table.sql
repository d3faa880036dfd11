{#
    A table with a vector index that searches never meet unfinished.

    First run, full refresh, a changed index: a new table is filled, merged, indexed and only then
    swapped in. A failure on the way leaves the old table serving.
    New rows alone: appended, and waited for until the index covers them.
    Changed and vanished rows: as their engine has it, a new table, or deleted and inserted anew.
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
