{# Fails unless `model` has a vector index and every part of it is built. A missing index fails
    too. #}

{% test index_is_built(model) -%}
{{ config(meta={
    "finding": "{count_built} of {count_indexes} vector indexes of {model} are built.",
    "advice": "`dbt run-operation vector_search.index_status` says why. `dbt build --full-refresh --select {model}` builds a new one.",
}) }}
with

indexes as (

    {{ vector_search.index_status_query(model) | indent(4) }}

)

select
    count() as count_indexes,
    countIf(status = 'Built') as count_built,
    groupArray(tuple(*)) as indexes

from indexes

having count_indexes = 0 or count_built < count_indexes
{%- endtest %}
