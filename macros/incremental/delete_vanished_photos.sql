{#
    Hook of an incremental model with rows for each photo. dbt adds and replaces rows, and deletes
    none. Most builds find no vanished photo, and then the table and its note stay as they are.
#}

{% macro delete_vanished_photos(photo_id="photo_id") -%}
    {%- set vanished = this ~ " where " ~ photo_id ~ " not in (select photo_id from " ~ ref("photos") ~ ")" -%}
    {%- if execute and run_query("select 1 from " ~ vanished ~ " limit 1").rows | length > 0 -%}
        {%- do vector_search.forget_rows(this) -%}
        {%- do run_query("delete from " ~ vanished) -%}
        {{ vector_search.note_rows() }} {#- once more: the hooks of the project have run before this one -#}
    {%- endif -%}
{%- endmacro %}
