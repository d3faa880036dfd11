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
        "type": given.get("types", {}).get(target.name)
            or adapter.dispatch("vector_index_type")(given.dimension, metric),
    }) }}
{%- endmacro %}

{# Type and parameters, written as the engine's system table spells them. #}
{% macro default__vector_index_type(dimension, metric) -%}
    {%- do refuse_engine("vector_index_type") -%}
{%- endmacro %}

{#
    f32 keeps distances exact, in 2 kB a photo. The default bf16 takes half of that and is off by 1e-4, which
    changes the order of answers. The graph has 32 links, and 128 candidates while it is built.
#}
{% macro clickhouse__vector_index_type(dimension, metric) -%}
    {%- set functions = {"Cosine": "cosineDistance", "L2": "L2Distance", "IP": "dotProduct"} -%}
    {{ return(
        "vector_similarity('hnsw', '" ~ functions[metric] ~ "', " ~ dimension ~ ", 'f32', 32, 128)"
    ) }}
{%- endmacro %}

{# MSTG is MyScale Cloud's own; the open-source edition has SCANN in its place. #}
{% macro myscale__vector_index_type(dimension, metric) -%}
    {{ return(
        ("MSTG" if target.edition == "cloud" else "SCANN") ~ "('metric_type=" ~ metric ~ "')"
    ) }}
{%- endmacro %}
