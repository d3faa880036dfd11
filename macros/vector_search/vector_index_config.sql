{#
    The `vector_index` in the `meta` of the model that is being built, with its defaults. `metric`
    is Cosine (default), L2 or IP. `types` may name another type with parameters for a dbt target.
#}

{% macro vector_index_config() -%}
    {%- set given = config.meta_require("vector_index") -%}
    {%- set required = ["name", "column", "dimension"] -%}
    {%- set allowed = required + ["metric", "types"] -%}
    {%- set metric = given.get("metric", "Cosine") -%}
    {%- if required | reject("in", given) | list or given | reject("in", allowed) | list
        or metric not in ["Cosine", "L2", "IP"] -%}
        {{ exceptions.raise_compiler_error(
            "`vector_index` of " ~ this ~ " must have a name, a column and a dimension, and may have a "
            ~ "metric (Cosine, L2 or IP) and types (by name of the target). Got: " ~ given
        ) }}
    {%- endif -%}
    {{ return({
        "name": given.name,
        "column": given.column,
        "dimension": given.dimension,
        "type": given.get("types", {}).get(target.name, vector_index_type(given.dimension, metric)),
    }) }}
{%- endmacro %}
