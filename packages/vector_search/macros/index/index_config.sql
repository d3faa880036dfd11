{#
    The `vector_index` in the `meta` of the model that is being built, with its defaults. `metric`
    is Cosine (default), L2 or IP. `types` may name another type with parameters for a dbt target.
#}

{% macro index_config() -%}
    {%- set given = config.meta_require("vector_index") -%}
    {%- set required = ["column", "dimension"] -%}
    {%- set allowed = required + ["name", "metric", "types"] -%}
    {%- set metric = given.get("metric", "Cosine") -%}
    {%- if required | reject("in", given) | list or given | reject("in", allowed) | list
        or metric not in ["Cosine", "L2", "IP"] -%}
        {{ exceptions.raise_compiler_error(
            "`vector_index` of " ~ this ~ " must have a column and a dimension, and may have a name, a "
            ~ "metric (Cosine, L2 or IP) and types (by name of the target). Got: " ~ given
        ) }}
    {%- endif -%}
    {{ return({
        "name": given.get("name", given.column ~ "_index"),
        "column": given.column,
        "dimension": given.dimension,
        "type": given.get("types", {}).get(target.name)
            or adapter.dispatch("index_type", "vector_search")(given.dimension, metric),
    }) }}
{%- endmacro %}

{# Type and parameters, written as the engine's system table spells them. #}
{% macro default__index_type(dimension, metric) -%}
    {%- do vector_search.refuse_engine("index_type") -%}
{%- endmacro %}

{#
    f32 keeps distances exact, in 4 bytes a number. The default bf16 takes half of that and is off by 1e-4, which
    changes the order of answers. The graph has 32 links, and 128 candidates while it is built.
#}
{% macro clickhouse__index_type(dimension, metric) -%}
    {{ return(
        "vector_similarity('hnsw', '" ~ vector_search.distance_function(metric) ~ "', " ~ dimension
        ~ ", 'f32', 32, 128)"
    ) }}
{%- endmacro %}

{# MSTG is MyScale Cloud's own; the open-source edition has SCANN in its place. #}
{% macro myscale__index_type(dimension, metric) -%}
    {{ return(
        ("MSTG" if target.edition == "cloud" else "SCANN") ~ "('metric_type=" ~ metric ~ "')"
    ) }}
{%- endmacro %}
