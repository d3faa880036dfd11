{#
    Return when the index of `relation` covers every row. ClickHouse builds it while it inserts or
    materializes, so the first look suffices. MyScale builds it in the background, part by part.
#}

{% macro wait_for_vector_index(relation) -%}
    {%- for _ in range(var("vector_index_deadline_s")) -%}
        {%- set indexes = run_query(_vector_index_status(relation)).rows -%}
        {%- if not indexes -%}
            {%- do _give_up_on_vector_index(relation, "The engine lists no index on it.") -%}
        {%- endif -%}
        {%- set index = indexes[0] -%}
        {%- if index.status == "Built" -%}
            {{ return(none) }}
        {%- elif index.status == "Error" -%}
            {%- do _give_up_on_vector_index(
                relation, "Part " ~ index.failed_part ~ " failed: " ~ index.fail_reason
            ) -%}
        {%- endif -%}
        {{ log(
            "Vector index of " ~ relation ~ ": " ~ index.count_built_parts ~ " of "
            ~ index.count_parts ~ " parts built", info=true
        ) }}
        {%- do run_query("select sleep(1)") -%}
    {%- endfor -%}
    {%- do _give_up_on_vector_index(
        relation,
        "It still builds after " ~ var("vector_index_deadline_s")
        ~ " s; the var vector_index_deadline_s allows more."
    ) -%}
{%- endmacro %}

{% macro _give_up_on_vector_index(relation, reason) -%}
    {{ exceptions.raise_compiler_error(
        "The vector index of " ~ relation ~ " is not built. " ~ reason
    ) }}
{%- endmacro %}
