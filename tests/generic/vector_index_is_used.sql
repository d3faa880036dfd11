{# Fails unless the index serves the search of similar_photos(). #}

{% test vector_index_is_used(model) -%}
{%- set photo_id = "any" -%}
{%- if execute and load_relation(model) is not none -%}
    {%- set photo_id = run_query("select min(photo_id) from " ~ model).rows[0][0] -%}
{%- endif -%}
{%- set search = _nearest_photos(_photo_target("vector_index_is_used", photo_id), 10, [], false) -%}
{{ adapter.dispatch("searches_without_the_index")(search) }}
{%- endtest %}
