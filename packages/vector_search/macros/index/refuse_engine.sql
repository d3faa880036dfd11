{% macro refuse_engine(macro_name) -%}
    {%- if execute -%}
        {{ exceptions.raise_compiler_error(
            macro_name ~ "() knows no engine of type '" ~ target.type
            ~ "'. Choose a dbt target of type clickhouse, chdb or myscale."
        ) }}
    {%- endif -%}
{%- endmacro %}
