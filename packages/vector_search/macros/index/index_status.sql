{# Operation that prints every vector index of the project. #}

{% macro index_status() -%}
    {%- if execute -%}
        {%- do run_query(vector_search.index_status_query()).print_table(max_columns=none, max_column_width=none) -%}
    {%- endif -%}
{%- endmacro %}

{#
    Select statement of the vector indexes of `relation`, or of all vector tables of the project:
    the type, how much of it is built, and what stopped it.
#}

{% macro index_status_query(relation=none) -%}
    {%- set tables = [] -%}
    {%- if relation -%}
        {%- do tables.append([relation.schema, relation.identifier]) -%}
    {%- else -%}
        {%- for node in (graph.nodes.values() if execute else []) if node.config.materialized == "vector_table" -%}
            {%- do tables.append([node.schema, node.alias]) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set conditions = [] -%}
    {%- for table in tables -%}
        {%- do conditions.append("(database, table) = (" ~ vector_search.literals(table) ~ ")") -%}
    {%- endfor -%}
    {{ return(adapter.dispatch("index_status_of", "vector_search")("(" ~ (conditions | join(" or ") or "false") ~ ")")) }}
{%- endmacro %}

{% macro default__index_status_of(condition) -%}
    {%- do vector_search.refuse_engine("index_status") -%}
{%- endmacro %}

{# A part without the index has no bytes of it. Parts without rows need none. #}
{% macro clickhouse__index_status_of(condition) -%}
with

indexes as (

    select *
    from system.data_skipping_indices
    where type = 'vector_similarity' and {{ condition }}

),

parts as (

    select
        database,
        table,
        count() as count_parts,
        countIf(secondary_indices_compressed_bytes > 0) as count_built_parts

    from system.parts

    where active and `rows` > 0

    group by database, table

),

failures as (

    select
        database,
        table,
        argMax(latest_failed_part, latest_fail_time) as failed_part,
        argMax(latest_fail_reason, latest_fail_time) as fail_reason

    from system.mutations

    where not is_done and latest_fail_reason != ''

    group by database, table

)

select
    indexes.`table` as table_name,
    indexes.name as index_name,
    indexes.type_full as index_type,
    parts.count_parts as count_parts,
    parts.count_built_parts as count_built_parts,
    multiIf(
        parts.count_built_parts = parts.count_parts, 'Built',
        failures.fail_reason != '', 'Error',
        'InProgress'
    ) as status,
    failures.failed_part as failed_part,
    failures.fail_reason as fail_reason

from indexes

left join parts
    on indexes.database = parts.database and indexes.table = parts.table

left join failures
    on indexes.database = failures.database and indexes.table = failures.table

order by table_name asc, index_name asc
{%- endmacro %}

{# Every replica builds an index of its own. The row adds them up and waits for the last. #}
{% macro myscale__index_status_of(condition) -%}
with

replicas as (

    select
        table as table_name,
        name as index_name,
        replaceRegexpOne(expr, '(?i)^.*? type ', '') as index_type,
        total_parts,
        parts_with_vector_index + small_parts as built_parts,
        status as status_of_replica,
        latest_failed_part,
        latest_fail_reason

    from {{ "clusterAllReplicas('" ~ target.cluster ~ "', system.vector_indices)"
        if target.cluster else "system.vector_indices" }}

    where {{ condition }}

)

select
    table_name,
    index_name,
    index_type,
    sum(total_parts) as count_parts,
    sum(built_parts) as count_built_parts,
    multiIf(
        countIf(status_of_replica = 'Error') > 0, 'Error',
        countIf(status_of_replica != 'Built') > 0, 'InProgress',
        'Built'
    ) as status,
    max(latest_failed_part) as failed_part,
    max(latest_fail_reason) as fail_reason

from replicas

group by table_name, index_name, index_type

order by table_name asc, index_name asc
{%- endmacro %}
