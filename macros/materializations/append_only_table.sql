{#
    A table of rows that are never changed, only added; each stands once, by its `unique_key`, a hash
    of all its columns.

    What the select statement returns is compared with the table by `period` (a day, say): the number
    of rows and the sum of their keys. Only periods that differ are read: late rows are found like new
    ones, and the others cost one pass. A row that came twice is kept once. When a row has vanished,
    a new table is filled and swapped in.
#}
{% materialization append_only_table, adapter="clickhouse", supported_languages=["sql"] %}

    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type="table") -%}
    {%- set building = make_intermediate_relation(target_relation) -%}
    {%- set key = config.require("unique_key") -%}
    {%- set period = config.require("period") -%}

    {% do refuse_second_run() %}
    {{ drop_relation_if_exists(load_cached_relation(building)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set is_kept = existing is not none and existing.type == "table"
        and not should_full_refresh() and has_columns_of(existing, sql) -%}
    {%- set periods = run_query(
        _periods_that_differ(sql, existing if is_kept else none, key, period)
    ) -%}
    {%- if is_kept and not has_vanished_rows(existing, sql, key, period, periods) %}
        {% call statement("main") %}
            {{ clickhouse__insert_into(
                existing, _each_row_once(sql, key, period, periods, existing), true
            ) }}
        {% endcall %}
    {% else %}
        {% call statement("main") %}
            {{ get_create_table_as_sql(
                False, building, _each_row_once(sql, key, period, periods)
            ) }}
        {% endcall %}
        {% do put_in_place(building, existing, target_relation) %}
    {% endif %}

    {% do apply_grants(target_relation, config.get("grants"), should_revoke=existing is not none) %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({"relations": [target_relation]}) }}

{% endmaterialization %}

{# One row per period: all of `sql` when there is no table yet, else those that differ. #}
{% macro _periods_that_differ(sql, existing, key, period) -%}
select
    toString({{ period }}) as period,
    max(has_repeats) as has_repeats

from (
    select
        {{ period }},
        toInt64(count()) as count_rows,
        toInt64(sum({{ key }})) as sum_keys,
        count_rows > uniqExact({{ key }}) as has_repeats
    from ({{ sql }})
    group by {{ period }}
    {%- if existing %}
    union all
    select {{ period }}, -toInt64(count()), -toInt64(sum({{ key }})), 0
    from {{ existing }}
    group by {{ period }}
    {%- endif %}
)

group by {{ period }}

having sum(count_rows) != 0 or sum(sum_keys) != 0
{%- endmacro %}

{% macro has_vanished_rows(existing, sql, key, period, periods) -%}
    {%- set differ = _is_one_of(period, periods.columns[0]) -%}
    {%- set vanished = run_query(
        "select 1 from " ~ existing ~ " where " ~ differ ~ " and " ~ key ~ " not in (select " ~ key
        ~ " from (" ~ sql ~ ") where " ~ differ ~ ") limit 1"
    ) -%}
    {{ return(vanished.rows | length > 0) }}
{%- endmacro %}

{# The rows of `sql` that `existing` lacks; only in periods that need it, repeats are looked for. #}
{% macro _each_row_once(sql, key, period, periods, existing=none) -%}
{%- set repeats = [] -%}
{%- for row in periods.rows if row.has_repeats -%}
    {%- do repeats.append(row.period) -%}
{%- endfor -%}
{%- set conditions = [] -%}
{%- if existing -%}
    {%- set differ = _is_one_of(period, periods.columns[0]) -%}
    {%- do conditions.append(differ) -%}
    {%- do conditions.append(
        key ~ " not in (select " ~ key ~ " from " ~ existing ~ " where " ~ differ ~ ")"
    ) -%}
{%- endif -%}
{%- if not repeats -%}
    {{ _rows_where(sql, conditions) }}
{%- else -%}
    {%- set repeated = _is_one_of(period, repeats) -%}
    {{ _rows_where(sql, conditions + ["not " ~ repeated]) }}
    union all
    {{ _rows_where(sql, conditions + [repeated]) }}
    limit 1 by {{ key }}
{%- endif -%}
{%- endmacro %}

{% macro _rows_where(sql, conditions) -%}
select * from ({{ sql }}){{ " where " if conditions }}{{ conditions | join(" and ") }}
{%- endmacro %}

{# `in ()` is no SQL in every generation of ClickHouse. #}
{% macro _is_one_of(period, values) -%}
{{ period }} in ({{ text_literals(values) or "null" }})
{%- endmacro %}
