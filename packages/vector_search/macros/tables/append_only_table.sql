{#
    A table to which rows are only added. `unique_key` is a hash of all columns, and a duplicate is
    kept once. `period` in the model's `meta` (a day, say) says which rows to compare: the number of
    rows and the sum of their keys. Only periods that differ are read, so late rows are found like
    new ones. When a row has vanished, a new table is filled and swapped in.
#}
{% materialization append_only_table, adapter="clickhouse", supported_languages=["sql"] %}

    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type="table") -%}
    {%- set building = make_intermediate_relation(target_relation) -%}
    {%- set key = config.require("unique_key") -%}
    {%- set period = config.meta_require("period") -%}

    {% do vector_search.begin_build(building) %}

    {%- set is_kept = existing is not none and existing.type == "table"
        and not should_full_refresh() and vector_search.has_columns_of(existing, sql) and vector_search.is_whole(existing) -%}
    {%- set differ = vector_search._periods_that_differ(sql, existing, key, period) if is_kept -%}
    {%- if is_kept and not vector_search.has_vanished_rows(existing, sql, key, differ) %}
        {% call statement("main") %}
            {{ clickhouse__insert_into(existing, vector_search._new_rows(sql, existing, key, differ), true) }}
        {% endcall %}
    {% else %}
        {% call statement("main") %}
            {{ get_create_table_as_sql(False, building, vector_search._each_row_once(sql, key, period)) }}
        {% endcall %}
        {% do vector_search.put_in_place(building, existing, target_relation) %}
    {% endif %}

    {% do vector_search.finish_build(target_relation, existing) %}

    {{ return({"relations": [target_relation]}) }}

{% endmaterialization %}

{# Condition on the rows of the periods in which `sql` and `existing` differ. #}
{% macro _periods_that_differ(sql, existing, key, period) -%}
{%- set periods %}
select toString({{ period }})

from (
    select {{ period }}, toInt64(count()) as count_rows, toInt64(sum({{ key }})) as sum_keys
    from ({{ sql }})
    group by {{ period }}
    union all
    select {{ period }}, -toInt64(count()), -toInt64(sum({{ key }}))
    from {{ existing }}
    group by {{ period }}
)

group by {{ period }}

having sum(count_rows) != 0 or sum(sum_keys) != 0
{%- endset -%}
{{ return(vector_search._is_one_of(period, run_query(periods).rows | map(attribute=0))) }}
{%- endmacro %}

{% macro has_vanished_rows(existing, sql, key, differ) -%}
    {%- set vanished = run_query(
        "select 1 from " ~ existing ~ " where " ~ differ ~ " and " ~ key ~ " not in (select " ~ key
        ~ " from (" ~ sql ~ ") where " ~ differ ~ ") limit 1"
    ) -%}
    {{ return(vanished.rows | length > 0) }}
{%- endmacro %}

{% macro _new_rows(sql, existing, key, differ) -%}
select *
from ({{ sql }})
where {{ differ }} and {{ key }} not in (select {{ key }} from {{ existing }} where {{ differ }})
limit 1 by {{ key }}
{%- endmacro %}

{# All rows of `sql`. `limit by` holds every key in memory, so only periods with duplicates get it. #}
{% macro _each_row_once(sql, key, period) -%}
{%- set repeats = run_query(
    "select toString(" ~ period ~ ") from (" ~ sql ~ ") group by " ~ period
    ~ " having count() > uniqExact(" ~ key ~ ")"
).rows | map(attribute=0) | list -%}
{%- if not repeats -%}
{{ sql }}
{%- else -%}
{%- set repeated = vector_search._is_one_of(period, repeats) -%}
select * from ({{ sql }}) where not {{ repeated }}
union all
select * from ({{ sql }}) where {{ repeated }} limit 1 by {{ key }}
{%- endif -%}
{%- endmacro %}

{# Never null, although a period may be. Older ClickHouse does not allow `in ()`. #}
{% macro _is_one_of(period, values) -%}
{%- set values = values | list -%}
ifNull({{ period }} in ({{ vector_search.literals(values | reject("none")) or "null" }}), {{ none in values }})
{%- endmacro %}
