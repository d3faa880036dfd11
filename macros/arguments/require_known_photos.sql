{#
    Before the table is built there is nothing to check, because `dbt compile` must work on an empty
    engine. When the table is empty, the message says how to fill it.
#}

{% macro require_known_photos(macro_name, argument, photo_ids) -%}
    {%- if execute and load_relation(ref('photos')) is not none -%}
        {%- set found = run_query(
            "select photo_id from " ~ ref('photos')
            ~ " where photo_id in (" ~ text_literals(photo_ids) ~ ")"
        ).rows | map(attribute=0) | list -%}
        {%- for photo_id in photo_ids if photo_id not in found -%}
            {%- if _first_photo_ids(1) -%}
                {%- do refuse_argument(
                    macro_name, argument, "a photo in " ~ ref('photos')
                    ~ " (`dbt run-operation random_photo` names one)", photo_id
                ) -%}
            {%- elif flags.WHICH in ["run-operation", "show"] -%}
                {{ exceptions.raise_compiler_error(
                    "The table " ~ ref('photos') ~ " is empty, so there is no photo to search from. "
                    ~ "Run `photo-search load`, then `dbt build`."
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
