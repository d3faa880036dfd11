{# The hook of an incremental model with a row per photo: dbt adds and replaces rows, and never deletes. #}

{% macro delete_vanished_photos() -%}
    delete from {{ this }} where photo_id not in (select photo_id from {{ ref("photos") }})
{%- endmacro %}
