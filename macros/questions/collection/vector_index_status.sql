{# Every vector index of the project: its type, how much of it is built, and what stopped it. #}

{% macro vector_index_status(output="table", out=none) -%}
    {{ return(answer("vector_index_status", vector_search.index_status_query(), output, out)) }}
{%- endmacro %}
