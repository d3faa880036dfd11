{# The `vector_index` of the model that is being built, its defaults filled in. #}

{% macro vector_index_config() -%}
    {%- set given = config.require("vector_index") -%}
    {%- for key in ["name", "column", "dimension"] if key not in given -%}
        {{ exceptions.raise_compiler_error(
            "`vector_index` of " ~ this ~ " must have a name, a column and a dimension. Got: " ~ given
        ) }}
    {%- endfor -%}
    {{ return({
        "name": given.name,
        "column": given.column,
        "dimension": given.dimension,
        "type": vector_index_type(given.dimension),
    }) }}
{%- endmacro %}
