{# Fails if a row of the seed `canaries` has a different vector in `model` under the same version.
    Then an upgrade has changed what the embedding model sees without a new version. The seed has
    the key, the version and the vector as text. Canaries of other rows or versions are not compared.
    The log says how many. #}

{% test canaries_are_unchanged(model, canaries, version, at_least=0.999) -%}
{{ config(meta={
    "finding": "{failures} canary vectors have changed. That of {canary} has a cosine of {cosine} with its old one.",
    "advice": "If you expect this, freeze the vectors of {model} as new canaries.",
}) }}
{%- set searched = vector_search.searched_columns(model) -%}
{%- set cosines -%}
select
    canaries.{{ searched.key }} as canary,
    canaries.{{ version }} as version,
    1 - cosineDistance(
        cast(canaries.{{ searched.column }}, 'Array(Float32)'), embedded.{{ searched.column }}
    ) as cosine

from {{ canaries }} as canaries

inner join {{ model }} as embedded
    on
        canaries.{{ searched.key }} = embedded.{{ searched.key }}
        and canaries.{{ version }} = embedded.{{ version }}
{%- endset -%}
{%- if execute and flags.WHICH in ["build", "test"] -%}
    {%- set total, comparable = run_query(
        "select (select count() from " ~ canaries ~ "), count() from (" ~ cosines ~ ")"
    ).rows[0] -%}
    {%- if comparable < total or not total -%}
        {%- do log(
            comparable ~ " of " ~ total ~ " canary vectors are of rows and of the version in "
            ~ model ~ ". The others were not compared. "
            ~ (config.get("meta") or {}).get("advice", ""), info=true
        ) -%}
    {%- endif -%}
{%- endif -%}
select *
from (
    {{ cosines | indent(4) }}
)
where not cosine >= {{ at_least }}
{%- endtest %}
