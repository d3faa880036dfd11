{#
    Return when the index of `relation` covers every row. ClickHouse builds it while it inserts or
    materializes, so the first look suffices. MyScale builds it in the background, part by part.
#}

{% macro wait_for_index(relation) -%}
    {%- for _ in range(vector_search.setting("vector_index_deadline_s")) -%}
        {%- set indexes = run_query(vector_search.index_status_query(relation)).rows -%}
        {%- if not indexes -%}
            {%- do vector_search._give_up_on_index(relation, "The engine lists no index on it.") -%}
        {%- endif -%}
        {%- set index = indexes[0] -%}
        {%- if index.status == "Built" -%}
            {{ return(none) }}
        {%- elif index.status == "Error" -%}
            {%- do vector_search._give_up_on_index(
                relation, "Part " ~ index.failed_part ~ " failed: " ~ index.fail_reason
            ) -%}
        {%- endif -%}
        {{ log(
            "Vector index of " ~ relation ~ ": " ~ index.count_built_parts ~ " of "
            ~ index.count_parts ~ " parts built", info=true
        ) }}
        {%- do run_query("select sleep(1)") -%}
    {%- endfor -%}
    {%- do vector_search._give_up_on_index(
        relation,
        "It still builds after " ~ vector_search.setting("vector_index_deadline_s")
        ~ " s; the var vector_index_deadline_s allows more."
    ) -%}
{%- endmacro %}

{% macro _give_up_on_index(relation, reason) -%}
    {{ exceptions.raise_compiler_error(
        "The vector index of " ~ relation ~ " is not built. " ~ reason
    ) }}
{%- endmacro %}
