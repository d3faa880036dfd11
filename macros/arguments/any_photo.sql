{# The id of a photo, for examples and tests that must compile on every dataset. #}

{% macro any_photo() -%}
    {%- if execute and load_relation(ref('photos')) is not none -%}
        {{ return(run_query("select min(photo_id) from " ~ ref('photos')).rows[0][0] or "any") }}
    {%- endif -%}
    {{ return("any") }}
{%- endmacro %}
