{# The `top_k` photos most like one photo, a vector or the mean of several photos. #}

{% macro similar_photos(photo_id=none, top_k=10) -%}
    {%- set search = search_arguments("similar_photos", photo_id, top_k, **kwargs) -%}
    {{ return(search_answer(search, vector_search.nearest_rows(search))) }}
{%- endmacro %}
