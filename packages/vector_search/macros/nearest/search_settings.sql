{# The settings at the end of a question, so that the engine plans all of it as one search. #}

{% macro search_settings(exact=false, list_size=vector_search.setting("search_list_size")) -%}
    {{ return(adapter.dispatch("search_settings", "vector_search")(exact, list_size)) }}
{%- endmacro %}

{% macro default__search_settings(exact, list_size) -%}
    {%- do vector_search.refuse_engine("search_settings") -%}
{%- endmacro %}

{#
    A list of 64 finds 99 % of the true neighbours at 200,000 rows in half the default's time. By
    default ClickHouse asks the index for 1,000 rows at most, and the largest question needs more. A
    scan spends its time copying vectors. Mapped files save a copy, and blocks of 4 MB are faster.
    The last settings give every thread a share of less than 240 MB.
#}
{% macro clickhouse__search_settings(exact, list_size) %}
{%- set list_size = vector_search.require_whole_number("search_settings", "list_size", list_size, 1, 10000) %}
{%- set largest = vector_search.search_limits() %}

settings
{%- if exact %}
    local_filesystem_read_method = 'mmap',
    min_bytes_to_use_mmap_io = 1,
    merge_tree_min_rows_for_concurrent_read = 1,
    merge_tree_min_bytes_for_concurrent_read = 1,
    preferred_block_size_bytes = 4000000
{%- else %}
    hnsw_candidate_list_size_for_search = {{ list_size }},
    max_limit_for_vector_search_queries = {{ vector_search.count_candidates(largest.top_k, 2 * largest.named) }},
    query_plan_optimize_lazy_materialization = 0,
    max_threads = 1
{%- endif %}
{%- endmacro %}

{# Without it, the answer would silently lack rows that no index covers yet. #}
{% macro myscale__search_settings(exact, list_size) %}

settings
    enable_brute_force_vector_search = 1
{%- endmacro %}
