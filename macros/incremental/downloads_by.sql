{#
    Downloads of known photos by `columns`, photo_id first, from the CTEs `photos` and
    `conversions`. The model's column `counted_until` says which conversions its table has counted.
    Only later ones are read, and those of photos that were unknown then.
#}

{% macro downloads_by(columns) -%}
{%- set columns = columns | join(", ") -%}
{%- set counted = _counted_until(this) -%}
select
    {{ columns }},
    sum(counted) as count_downloads

from (
    select {{ columns }}, toUInt64(1) as counted
    from conversions
    {%- if counted %}
    where
        added_at > toDateTime64({{ vector_search.text_literal(counted) }}, 6, 'UTC')
        or photo_id not in (select photo_id from {{ this }})
    union all
    select {{ columns }}, count_downloads as counted
    from {{ this }}
    {%- endif %}
)

where photo_id in (select photos.photo_id from photos)

group by {{ columns }}
{%- endmacro %}

{#
    The latest `added_at` that is counted in `counts`. It is none when all conversions must be
    counted: there is no such table yet, or the conversions were made again.
#}
{% macro _counted_until(counts) -%}
    {%- if not execute or model.resource_type != "model" or should_full_refresh()
        or not _has_column(counts, "counted_until") or not vector_search.is_whole(counts) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set counted = run_query(
        "select toString(max(counted_until)) from " ~ counts
        ~ " having max(counted_until) >= (select min(added_at) from " ~ ref("conversions") ~ ")"
    ).rows -%}
    {{ return(counted[0][0] | string if counted else none) }}
{%- endmacro %}

{% macro _has_column(relation, column) -%}
    {%- set relation = load_relation(relation) -%}
    {%- set names = adapter.get_columns_in_relation(relation) | map(attribute="name") if relation else [] -%}
    {{ return(column in names) }}
{%- endmacro %}
