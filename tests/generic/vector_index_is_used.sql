{# Fails unless the statement of `question` uses the vector index of `model`, the table photos.
    With fewer than two photos there is no search to check. #}

{% test vector_index_is_used(model, question) -%}
{{ config(meta={
    "finding": "{question}() searches {model} without its vector index.",
    "advice": "Run `dbt build --full-refresh --select {model}`.",
}) }}
{%- set photo_id = any_photo() -%}
{%- set statements = {
    "similar_photos": similar_photos(photo_id),
    "photo_conversions": photo_conversions(photo_id),
    "popular_keywords": popular_keywords(photo_id),
    "popular_similar_photos": popular_similar_photos(photo_id),
} -%}
{{ vector_search.searches_without_index(model, statements[question]) }}
{%- endtest %}
