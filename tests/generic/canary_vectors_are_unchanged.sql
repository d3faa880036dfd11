{# Fails if a photo of the seed canary_vectors has a different vector under the same embedding
    version. Then an upgrade has changed what the model sees without a new version. Canaries of
    other photos or versions are not compared. The log says how many, and what to do. #}

{% test canary_vectors_are_unchanged(model, at_least=0.999) -%}
{{ config(meta={
    "finding": "{failures} canary vectors have changed. That of photo {photo_id} has a cosine of {cosine} with its old one.",
    "advice": "If you expect this, freeze new ones: `dbt --quiet run-operation freeze_canaries > seeds/canary_vectors.csv`.",
}) }}
{%- set cosines -%}
select
    canaries.photo_id as photo_id,
    canaries.embedding_version as embedding_version,
    1 - cosineDistance(
        cast(canaries.photo_embed, 'Array(Float32)'), photos.photo_embed
    ) as cosine

from {{ ref('canary_vectors') }} as canaries

inner join {{ model }} as photos
    on
        canaries.photo_id = photos.photo_id
        and canaries.embedding_version = photos.embedding_version
{%- endset -%}
{%- if execute and flags.WHICH in ["build", "test"] -%}
    {%- set total, comparable = run_query(
        "select (select count() from " ~ ref("canary_vectors") ~ "), count() from (" ~ cosines ~ ")"
    ).rows[0] -%}
    {%- if comparable < total or not total -%}
        {%- do log(
            comparable ~ " of " ~ total ~ " canary vectors are of photos and of the embedding version in "
            ~ model ~ ". The others were not compared. Make your own: "
            ~ "dbt --quiet run-operation freeze_canaries > seeds/canary_vectors.csv", info=true
        ) -%}
    {%- endif -%}
{%- endif -%}
select *
from (
    {{ cosines | indent(4) }}
)
where not cosine >= {{ at_least }}
{%- endtest %}
