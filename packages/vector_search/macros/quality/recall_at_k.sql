{#
    The share of the true `k` nearest rows that the index finds, for a few rows, always the same
    ones. One row. A row that the index finds is right if it is as near as the last one of the scan,
    because several may be equally near. The share is NaN when there is only one row.
#}

{% macro recall_at_k(relation, k=10, count_query_rows=30, key=none, column=none, metric=none) -%}
{%- set searched = vector_search.searched_columns(relation, key, column, metric) -%}
{%- set sign = "-" if searched.metric == "IP" -%}
{%- set query_keys = vector_search.first_keys(relation, searched.key, count_query_rows) -%}
{%- set counts = namespace(nearest=0, found=0) -%}
{%- for query_key in query_keys -%}
    {%- set asked = {"to": query_key, "top_k": k, "key": key, "column": column, "metric": metric} -%}
    {%- set nearest = run_query(vector_search.nearest(relation, exact=true, **asked)).rows -%}
    {%- set found = run_query(vector_search.nearest(relation, **asked)).rows -%}
    {%- if nearest and found -%}
        {%- set vector = vector_search.stored_vector(relation, searched, query_key) -%}
        {%- set right -%}
            select countIf(
                {{ sign }}{{ vector_search.distance(searched.column, vector, searched.metric) }}
                <= {{ sign }}({{ nearest[-1].distance }}) + 1e-6
            )
            from {{ relation }}
            where {{ searched.key }} in ({{ vector_search.literals(found | map(attribute=searched.key)) }})
        {%- endset -%}
        {%- set counts.found = counts.found + run_query(right).rows[0][0] -%}
    {%- endif -%}
    {%- set counts.nearest = counts.nearest + nearest | length -%}
{%- endfor -%}
select
    toUInt64({{ query_keys | length }}) as count_query_rows,
    toUInt64({{ counts.nearest }}) as count_nearest,
    {{ counts.found }} / {{ counts.nearest }} as recall
{%- endmacro %}
