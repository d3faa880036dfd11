{# Fails unless the vector index of `model`, the table photos, serves the statement that `question` writes. #}

{% test vector_index_is_used(model, question) -%}
{%- set photo_id = any_photo() -%}
{%- set statements = {
    "similar_photos": similar_photos(photo_id),
    "photo_conversions": photo_conversions(photo_id),
    "popular_keywords": popular_keywords(photo_id),
    "popular_similar_photos": popular_similar_photos(photo_id),
} -%}
{%- set search = statements[question] | replace(search_settings(), "") -%}
{{ adapter.dispatch("searches_without_the_index")(search) }}
{%- endtest %}
