{#
    A few vectors of the table as they are now, for seeds/canary_vectors.csv:
    dbt --quiet run-operation freeze_canaries > seeds/canary_vectors.csv
#}

{% macro freeze_canaries(top_k=3, output="csv", out=none) -%}
    {%- set top_k = vector_search.require_whole_number("freeze_canaries", "top_k", top_k, 1, 100) -%}
    {%- set canaries -%}
select
    photo_id,
    embedding_version,
    toString(arrayMap(x -> round(x, 6), photo_embed)) as photo_embed

from {{ ref('photos') }}

order by cityHash64(photo_id) asc

limit {{ top_k }}
    {%- endset -%}
    {{ return(answer("freeze_canaries", canaries, output, out)) }}
{%- endmacro %}
