{# The hook of an incremental model with rows for each photo: dbt adds and replaces rows, and never deletes. #}

{% macro delete_vanished_photos(photo_id="photo_id") -%}
    delete from {{ this }} where {{ photo_id }} not in (select photo_id from {{ ref("photos") }})
{%- endmacro %}
