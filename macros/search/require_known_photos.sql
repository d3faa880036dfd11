{# Before the table is built there is nothing to look in: `dbt compile` must work on an empty engine. #}

{% macro require_known_photos(macro_name, argument, photo_ids) -%}
    {%- if execute and load_relation(ref('photos')) is not none -%}
        {%- set found = run_query(
            "select photo_id from " ~ ref('photos')
            ~ " where photo_id in (" ~ text_literals(photo_ids) ~ ")"
        ).rows | map(attribute=0) | list -%}
        {%- for photo_id in photo_ids if photo_id not in found -%}
            {%- do refuse_argument(
                macro_name, argument, "a photo in " ~ ref('photos')
                ~ " (`dbt run-operation random_photo` names one)", photo_id
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
