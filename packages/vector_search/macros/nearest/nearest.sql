{#
    Select statement of the `top_k` rows of `relation` nearest to one of its rows (`to`), to a
    vector, or to the mean of several rows (`like`, minus that of `unlike`).
#}

{% macro nearest(
    relation, to=none, vector=none, like=none, unlike=none, top_k=10,
    where=none, max_distance=none, after=none, exact=false, key=none, column=none, metric=none
) -%}
    {%- set search = vector_search.search(
        relation, to, vector, like, unlike, top_k, where, max_distance, after, exact, key, column, metric
    ) -%}
    {{ return(vector_search.nearest_rows(search) ~ vector_search.search_settings(search.exact)) }}
{%- endmacro %}

{# The same without the settings, for a larger statement that ends in search_settings(). #}
{% macro nearest_rows(search) -%}
    {%- set answers = [] -%}
    {%- if search.named -%}
        {%- do answers.append(search.key ~ " not in (" ~ vector_search.literals(search.named) ~ ")") -%}
    {%- endif -%}
    {%- if search.max_distance is not none -%}
        {%- do answers.append("distance <= " ~ search.max_distance) -%}
    {%- endif -%}
    {%- if search.after is none -%}
        {%- set candidates = vector_search.count_candidates(search.top_k, search.named | length) -%}
        {{ return(vector_search._ranked(
            search, vector_search._candidates(search, candidates), search.top_k, answers
        )) }}
    {%- endif -%}
    {{ return(vector_search._rows_after(
        search, vector_search._ranked(search, vector_search._candidates(search), none, answers)
    )) }}
{%- endmacro %}

{#
    The index serves only a select from the bare table with an order by and a limit. A where would
    apply after the index has chosen, and silently shorten the answer. So rows are left out later,
    and count_candidates() asks for a few more. Completing more ties would need a second search, and
    take 1.6 to 2 times as long. The second key of the order makes it a scan.
#}
{% macro _candidates(search, limit=none) -%}
{%- if not search.exact and not vector_search.index_measures(search.metric) -%}
    {{ return(vector_search._measured_candidates(search, limit)) }}
{%- endif -%}
select
    {{ search.query_key }} as query_{{ search.key }},
    {{ search.key }},
    {{ vector_search.distance(search.column, search.vector, search.metric) if search.exact
        else vector_search.indexed_distance(search.column, search.vector, search.metric, search.alpha) }} as distance

from {{ search.relation }}

{% if search.conditions -%}
where {{ search.conditions | join("\n    and ") }}

{% endif -%}
order by distance {{ search.order }}{{ ", " ~ search.key ~ " asc" if search.exact }}

{% if limit -%}
limit {{ limit }}
{%- endif -%}
{%- endmacro %}

{# The index chooses the candidates, and their vectors are read to measure them. #}
{% macro _measured_candidates(search, limit) -%}
select
    {{ search.query_key }} as query_{{ search.key }},
    {{ search.key }},
    {{ vector_search.distance(search.column, search.vector, search.metric) }} as distance

from (
    select
        {{ search.key }},
        {{ search.column }}
    from {{ search.relation }}
    order by {{ vector_search.indexed_distance(search.column, search.vector, search.metric, search.alpha) }} {{ search.order }}
    limit {{ limit }}
)
{%- endmacro %}

{# Leaves out what is no answer and ranks the rest without gaps, ties in the order of the key. #}
{% macro _ranked(search, candidates, top_k, conditions) -%}
select
    query_{{ search.key }},
    row_number() over (order by distance {{ search.order }}, {{ search.key }} asc) as similarity_rank,
    {{ search.key }},
    distance

from (
    {{ candidates | indent(4) }}
)

{% if conditions -%}
where {{ conditions | join("\n    and ") }}

{% endif -%}
order by similarity_rank asc

{% if top_k -%}
limit {{ top_k }}
{%- endif -%}
{%- endmacro %}

{# The page that follows the row `after`. Its distance gives its place, so conditions may exclude it. #}
{% macro _rows_after(search, ranked) -%}
{%- set sign = "-" if search.order == "desc" -%}
select *

from (
    {{ ranked | indent(4) }}
)

where ({{ sign }}distance, {{ search.key }}) > (
    select ({{ sign }}{{ vector_search.distance(search.column, search.vector, search.metric) }}, {{ search.key }})
    from {{ search.relation }}
    where {{ search.key }} = {{ vector_search.literals([search.after]) }}
)

order by similarity_rank asc

limit {{ search.top_k }}
{%- endmacro %}
