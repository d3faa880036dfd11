{# Stop while another run of dbt builds the model at hand: two would drop each other's work. #}

{% macro refuse_second_run() -%}
    {%- if another_run_builds(model.unique_id) -%}
        {{ exceptions.raise_compiler_error(
            "Another run of dbt is building " ~ this ~ ". Wait for it to finish, then run this again."
        ) }}
    {%- endif -%}
{%- endmacro %}
