{# Type and parameters of a vector index, written as the engine's system table spells them. #}

{% macro vector_index_type(dimension, metric) -%}
    {{ return(adapter.dispatch("vector_index_type")(dimension, metric)) }}
{%- endmacro %}

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
