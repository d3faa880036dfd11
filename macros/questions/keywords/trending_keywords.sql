{# Keywords that led to more downloads in one period than in the period before. #}

{% macro trending_keywords(
    days=30, until=none, minimum=10, smoothing=10, limit=20, aliases=true, output="table", out=none
) -%}
    {%- set days = vector_search.require_whole_number("trending_keywords", "days", days, 1, 3650) -%}
    {%- if until is not none -%}
        {%- do vector_search.require_date("trending_keywords", "until", until) -%}
    {%- endif -%}
    {%- set minimum = vector_search.require_whole_number("trending_keywords", "minimum", minimum, 1, 1000000000) -%}
    {%- set smoothing = vector_search.require_number("trending_keywords", "smoothing", smoothing, 0.001, 1000000000) -%}
    {%- set limit = vector_search.require_whole_number("trending_keywords", "limit", limit, 1, 1000) -%}
    {%- do vector_search.require_one_of("trending_keywords", "aliases", aliases, [true, false]) -%}
    {%- set trending = _trending_keywords(days, until, minimum, smoothing, limit, aliases) -%}
    {{ return(answer("trending_keywords", trending, output, out)) }}
{%- endmacro %}

{#
    Without `until`, the period ends on the last day whose period has `minimum` downloads. So a few
    wrong dates do not move it. Conversions dated after they were loaded do not count here, with a
    day of tolerance for clocks and time zones.
#}
{% macro _trending_keywords(days, until, minimum, smoothing, limit, aliases) -%}
{%- set end -%}
    {%- if until is none -%}
(
        select max(converted_on) + 1
        from (
            select
                converted_on,
                sum(count_on_day) over (
                    order by assumeNotNull(toInt32(converted_on))
                    range between {{ days - 1 }} preceding and current row
                ) as count_in_period

            from (
                select
                    converted_on,
                    count() as count_on_day

                from {{ ref('conversions') }}

                where converted_at <= added_at + interval 1 day

                group by converted_on
            )
        )
        where count_in_period >= {{ minimum }}
    )
    {%- else -%}
        toDate32({{ vector_search.text_literal(until) }})
    {%- endif -%}
{%- endset -%}
{%- set counted -%}
with {{ end }} as period_end

select
    assumeNotNull(keyword) as typed_keyword,
    countIf(converted_on < period_end - {{ days }}) as count_typed_before,
    countIf(converted_on >= period_end - {{ days }}) as count_typed

from {{ ref('conversions') }}

where
    keyword is not null
    and photo_id in (select photo_id from {{ ref('photos') }})
    and converted_on >= period_end - {{ 2 * days }}
    and converted_on < period_end

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

limit {{ limit }}
{%- endmacro %}
