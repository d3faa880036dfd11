{#
    Hook of an incremental model with rows for each photo. dbt adds and replaces rows, and deletes
    none.
#}

{% macro delete_vanished_photos(photo_id="photo_id") -%}
    {%- if execute -%}
        {%- do forget_rows(this) -%}
        {%- do run_query(
            "delete from " ~ this ~ " where " ~ photo_id
            ~ " not in (select photo_id from " ~ ref("photos") ~ ")"
        ) -%}
        {{ note_rows() }} {#- once more: the hooks of the project have run before this one -#}
    {%- endif -%}
{%- endmacro %}
