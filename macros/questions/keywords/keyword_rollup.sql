{# Downloads that followed a search, counted by any of keyword, country, device and month. #}

{% macro keyword_rollup(by=["keyword"], aliases=true, limit=100, output="table", out=none) -%}
    {%- set choices = ["keyword", "country", "device", "month"] -%}
    {%- if by is string or by is mapping or by is not sequence or not by
        or by | reject("in", choices) | list or by | unique | list | length != by | length -%}
        {%- do vector_search.refuse_argument(
            "keyword_rollup", "by", "a list of some of " ~ choices | join(", "), by
        ) -%}
    {%- endif -%}
    {%- do vector_search.require_one_of("keyword_rollup", "aliases", aliases, [true, false]) -%}
    {%- set limit = vector_search.require_whole_number("keyword_rollup", "limit", limit, 1, 1000000) -%}
    {%- set dimensions = {
        "keyword": "assumeNotNull(keyword) as typed_keyword",
        "country": "country",
        "device": "device_type as device",
        "month": "converted_on - (toDayOfMonth(converted_on) - 1) as month",
    } -%}
    {%- set counted -%}
select
    {% for dimension in by -%}
    {{ dimensions[dimension] }},
    {% endfor -%}
    count() as count_typed

from {{ ref('conversions') }}

where keyword is not null and photo_id in (select photo_id from {{ ref('photos') }})

group by {{ by | join(", ") | replace("keyword", "typed_keyword") }}
    {%- endset -%}
    {%- set rollup -%}
select
    {{ by | join(",
    ") }},
    sum(count_typed) as count_downloads

from (
    {{ (_merged_keywords(counted, aliases) if "keyword" in by else counted) | indent(4) }}
)

group by {{ by | join(", ") }}

order by count_downloads desc, {{ by | join(" asc, ") }} asc

limit {{ limit }}
    {%- endset -%}
    {{ return(answer("keyword_rollup", rollup, output, out)) }}
{%- endmacro %}

{#
    Counts per typed keyword, with the `keyword` that it counts as. Counts are few, so joining them
    with the aliases is cheap.
#}
{% macro _merged_keywords(counted, aliases) -%}
select
    counted.*,
    {{ "if(keyword_aliases.alias = '', counted.typed_keyword, keyword_aliases.keyword)" if aliases
        else "counted.typed_keyword" }} as keyword

from (
    {{ counted | indent(4) }}
) as counted

{% if aliases -%}
left join {{ ref('stg_keyword_aliases') }} as keyword_aliases
    on counted.typed_keyword = keyword_aliases.alias
{%- endif -%}
{%- endmacro %}
