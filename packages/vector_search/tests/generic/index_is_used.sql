{# Fails unless the statement `search` uses the vector index of `model`. The statement is one of
    nearest(), or contains one. By default it asks for the rows nearest to the first row. With fewer
    than two rows there is no search to check. #}

{% test index_is_used(model, search=none) -%}
{{ config(meta={
    "finding": "A search of {model} does not use its vector index.",
    "advice": "Run `dbt build --full-refresh --select {model}`.",
}) }}
{{ vector_search.searches_without_index(model, search) }}
{%- endtest %}
