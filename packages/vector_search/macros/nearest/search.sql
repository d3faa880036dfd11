{#
    The checked arguments of a search, as a dict for nearest_rows(). A macro that wraps nearest() may
    pass `words`, so that messages name the macro, its argument for the key, and what a row is.
#}

{% macro search(
    relation, to=none, vector=none, like=none, unlike=none, top_k=10,
    where=none, max_distance=none, after=none, exact=false, key=none, column=none, metric=none,
    words={}
) -%}
    {%- set words = dict({
        "macro": "nearest", "to": "to", "row": "a row", "rows": "rows", "example": "",
        "fill": "Run `dbt build`.",
    }, **words) -%}
    {%- set searched = vector_search.searched_columns(relation, key, column, metric) -%}
    {%- set top_k = vector_search.require_whole_number(
        words.macro, "top_k", top_k, 1, vector_search.search_limits().top_k
    ) -%}
    {%- do vector_search.require_one_of(words.macro, "exact", exact, [true, false]) -%}
    {%- set query = vector_search.query_vector(relation, searched, to, vector, like, unlike, words) -%}
    {%- set conditions = [] -%}
    {%- for condition in ([where] if where is string else where or []) -%}
        {%- do conditions.append("(" ~ condition ~ ")") -%}
    {%- endfor -%}
    {%- if max_distance is not none -%}
        {%- if searched.metric == "IP" -%}
            {%- do vector_search.refuse_argument(
                words.macro, "max_distance", "left out: an inner product is larger for nearer rows", max_distance
            ) -%}
        {%- endif -%}
        {%- set max_distance = vector_search.require_number(
            words.macro, "max_distance", max_distance, 0, 2 if searched.metric == "Cosine" else 1e30
        ) -%}
    {%- endif -%}
    {%- if after is not none -%}
        {%- do vector_search.require_known_rows(relation, searched.key, "after", [after], words) -%}
    {%- endif -%}
    {{ return(dict(
        searched,
        relation=relation,
        order="desc" if searched.metric == "IP" else "asc",
        query_key=query.key,
        vector=query.vector,
        named=query.named,
        top_k=top_k,
        conditions=conditions,
        max_distance=max_distance,
        after=after,
        exact=exact or conditions | length > 0 or after is not none or not searched.is_indexed,
    )) }}
{%- endmacro %}

{#
    What a search reads: the key, the vectors, their number of dimensions and their metric. The
    `meta` of the model says so, unless the arguments do. Before dbt knows all models, they are empty.
    `is_indexed` is false if no index serves the search: MyScale would answer by another metric.
    The index of a table that no model makes is taken on trust.
#}
{% macro searched_columns(relation, key=none, column=none, metric=none) -%}
    {%- set model = vector_search.model_of(relation) -%}
    {%- set index = model.config.meta.get("vector_index", {}) if model else {} -%}
    {%- set key = key or (model.config.unique_key if model) -%}
    {%- set column = column or index.column -%}
    {%- set metric = metric or index.metric or "Cosine" -%}
    {%- if execute and not (key is string and column is string) -%}
        {{ exceptions.raise_compiler_error(
            "No model of " ~ relation ~ " says what to search. Give the model a `unique_key` of one "
            ~ "column and a `vector_index` in its `meta`, or pass `key` and `column`."
        ) }}
    {%- endif -%}
    {%- do vector_search.require_one_of("nearest", "metric", metric, ["Cosine", "L2", "IP"]) -%}
    {%- set type = index.get("types", {}).get(target.name, "") -%}
    {{ return({
        "key": key,
        "column": column,
        "dimension": index.dimension if column == index.column,
        "metric": metric,
        "alpha": vector_search.setting("search_alpha") if type[:4] in ["", "MSTG", "SCAN"] else none,
        "is_indexed": not model or column == index.column and metric == index.get("metric", "Cosine"),
    }) }}
{%- endmacro %}

{# The node of the model, seed or snapshot that makes `relation`, or none. #}
{% macro model_of(relation) -%}
    {%- for node in (graph.nodes.values() if execute else [])
        if node.schema == relation.schema and node.get("alias") == relation.identifier
        and node.resource_type in ["model", "seed", "snapshot"] -%}
        {{ return(node) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}
