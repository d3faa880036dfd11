{# Keywords that were downloaded for more often in one period than in the period before. #}

{% macro trending_keywords(
    days=30, until=none, minimum=10, smoothing=10, keywords=20, aliases=true, output="table", out=none
) -%}
    {%- set days = require_whole_number("trending_keywords", "days", days, 1, 3650) -%}
    {%- if until is not none -%}
        {%- do require_date("trending_keywords", "until", until) -%}
    {%- endif -%}
    {%- set minimum = require_whole_number("trending_keywords", "minimum", minimum, 1, 1000000000) -%}
    {%- set smoothing = require_number("trending_keywords", "smoothing", smoothing, 0.001, 1000000000) -%}
    {%- set keywords = require_whole_number("trending_keywords", "keywords", keywords, 1, 1000) -%}
    {%- do require_one_of("trending_keywords", "aliases", aliases, [true, false]) -%}
    {%- set trending = _trending_keywords(days, until, minimum, smoothing, keywords, aliases) -%}
    {{ return(answer("trending_keywords", trending, output, out)) }}
{%- endmacro %}

{# The last days of the data are the period unless `until` names the day that follows it. #}
{% macro _trending_keywords(days, until, minimum, smoothing, keywords, aliases) -%}
{%- set end -%}
    {%- if until is none -%}
        (select toDate(max(converted_at)) + 1 from {{ ref('conversions') }})
    {%- else -%}
        toDate({{ text_literal(until) }})
    {%- endif -%}
{%- endset -%}
{%- set counted -%}
select
    assumeNotNull(keyword) as typed_keyword,
    countIf(toDate(converted_at) < {{ end }} - {{ days }}) as count_typed_before,
    countIf(toDate(converted_at) >= {{ end }} - {{ days }}) as count_typed

from {{ ref('conversions') }}

where
    keyword is not null
    and photo_id in (select photo_id from {{ ref('photos') }})
    and toDate(converted_at) >= {{ end }} - {{ 2 * days }}
    and toDate(converted_at) < {{ end }}

group by typed_keyword
{%- endset -%}
select
    row_number() over (order by growth desc, keyword asc) as trend_rank,
    keyword,
    count_downloads_before,
    count_downloads,
    growth

from (
    select
        keyword,
        sum(count_typed_before) as count_downloads_before,
        sum(count_typed) as count_downloads,
        (count_downloads + {{ smoothing }}) / (count_downloads_before + {{ smoothing }}) as growth

    from (
        {{ _merged_keywords(counted, aliases) | indent(8) }}
    )

    group by keyword

    having count_downloads >= {{ minimum }}
)

order by trend_rank asc

limit {{ keywords }}
{%- endmacro %}
