{#
    The query vector, which exactly one of `to`, `vector` and `like` gives. Returns a dict: `vector`
    is an expression, `named` are the keys of the rows that the answer leaves out, and `key` is null
    unless the query is one row.
#}

{% macro query_vector(relation, searched, to, vector, like, unlike, words) -%}
    {%- set given = [] -%}
    {%- for name, value in {words.to: to, "vector": vector, "like": like}.items() if value is not none -%}
        {%- do given.append(name) -%}
    {%- endfor -%}
    {%- if given | length != 1 -%}
        {%- do vector_search.refuse_argument(
            words.macro, words.to, "given, or else `vector`, or else `like`",
            given | join(" and ") or "none of them"
        ) -%}
    {%- elif unlike is not none and like is none -%}
        {%- do vector_search.refuse_argument(words.macro, "unlike", "given with `like`", given[0]) -%}
    {%- elif to is not none -%}
        {{ return(vector_search._vector_of_row(relation, searched, to, words)) }}
    {%- elif vector is not none -%}
        {{ return(vector_search._given_vector(searched, vector, words)) }}
    {%- else -%}
        {{ return(vector_search._mean_vector(relation, searched, like, unlike, words)) }}
    {%- endif -%}
{%- endmacro %}

{% macro _vector_of_row(relation, searched, to, words) -%}
    {%- do vector_search.require_known_rows(relation, searched.key, words.to, [to], words) -%}
    {{ return({
        "key": vector_search.literals([to]),
        "vector": vector_search.stored_vector(relation, searched, to),
        "named": [to],
    }) }}
{%- endmacro %}

{% macro stored_vector(relation, searched, key) -%}
    (select {{ searched.column }} from {{ relation }} where {{ searched.key }} = {{ vector_search.literals([key]) }})
{%- endmacro %}

{# The engine parses text faster than an array of numbers. #}
{% macro _given_vector(searched, vector, words) -%}
    {%- set allowed = "a list of " ~ (searched.dimension ~ " " if searched.dimension) ~ "numbers that are not all 0" -%}
    {%- if vector is string or vector is mapping or vector is not sequence
        or searched.dimension and vector | length != searched.dimension -%}
        {%- do vector_search.refuse_argument(words.macro, "vector", allowed, vector) -%}
    {%- endif -%}
    {%- set numbers = [] -%}
    {%- for value in vector -%}
        {%- do numbers.append(vector_search.require_number(
            words.macro, "vector[" ~ loop.index0 ~ "]", value, -1e9, 1e9
        )) -%}
    {%- endfor -%}
    {%- if not numbers | select | list -%}
        {%- do vector_search.refuse_argument(words.macro, "vector", allowed, vector) -%}
    {%- endif -%}
    {{ return({
        "key": "cast(null as Nullable(String))",
        "vector": vector_search.text_literal("[" ~ numbers | join(", ") ~ "]") ~ "::Array(Float32)",
        "named": [],
    }) }}
{%- endmacro %}

{# The mean of the vectors of `like` minus the mean of those of `unlike`. #}
{% macro _mean_vector(relation, searched, like, unlike, words) -%}
    {%- for argument, value in {"like": like, "unlike": unlike}.items() if value is not none -%}
        {%- do vector_search.require_list(
            words.macro, argument, value, vector_search.search_limits().named, words.rows
        ) -%}
    {%- endfor -%}
    {%- set like = like | unique(case_sensitive=true) | list -%}
    {%- set unlike = (unlike or []) | unique(case_sensitive=true) | list -%}
    {%- if like | select("in", unlike) | list -%}
        {%- do vector_search.refuse_argument(
            words.macro, "unlike", words.rows ~ " that are not in `like`", unlike
        ) -%}
    {%- endif -%}
    {%- do vector_search.require_known_rows(relation, searched.key, "like", like, words) -%}
    {%- if unlike -%}
        {%- do vector_search.require_known_rows(relation, searched.key, "unlike", unlike, words) -%}
    {%- endif -%}
    {%- set vector -%}
        (
            select cast(sumForEach(arrayMap(
                x -> x * if(
                    {{ searched.key }} in ({{ vector_search.literals(like) }}),
                    {{ 1 / like | length }},
                    {{ -1 / (unlike | length or 1) }}
                ),
                {{ searched.column }}
            )) as Array(Float32))
            from {{ relation }}
            where {{ searched.key }} in ({{ vector_search.literals(like + unlike) }})
        )
    {%- endset -%}
    {{ return({"key": "cast(null as Nullable(String))", "vector": vector, "named": like + unlike}) }}
{%- endmacro %}
