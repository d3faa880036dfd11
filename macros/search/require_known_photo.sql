{# Before the table is built there is nothing to look in: `dbt compile` must work on an empty engine. #}

{% macro require_known_photo(macro_name, photo_id) -%}
    {%- if execute and load_relation(ref('photos')) is not none -%}
        {%- set found = run_query(
            "select 1 from " ~ ref('photos') ~ " where photo_id = " ~ text_literal(photo_id) ~ " limit 1"
        ) -%}
        {%- if not found.rows -%}
            {%- do refuse_argument(
                macro_name, "photo_id", "a photo in " ~ ref('photos')
                ~ " (`dbt run-operation random_photo` names one)", photo_id
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
