{#
    A moment in UTC with `scale` digits after the second, or null. It reads an ISO date or time,
    with T or a space, a fraction after a point or a comma, and Z or an offset. It also reads
    seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size, from
    2001 on. parseDateTime64BestEffort() also reads 12 (a day of this year) and hour 25 (tomorrow),
    and engines differ before 1900 and after 2299. So a pattern decides what it gets, for the years
    1910 to 2199. Most rows match the first pattern, which is cheap.
#}

{% macro moment(column, scale) -%}
{%- set year, month, day = "(?:19[1-9]|2[01][0-9])[0-9]", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])" -%}
{%- set date = year ~ "-" ~ month ~ "-" ~ day -%}
{%- set minute = "(?:[01][0-9]|2[0-3]):[0-5][0-9]" -%}
{%- set second = "[0-5][0-9]" -%}
{%- set offset = "(?:Z|UTC|GMT|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)" -%}
{%- set any_date = "(?:" ~ date ~ "|" ~ date | replace("-(", "/(") ~ "|" ~ date | replace("-(", "(") ~ ")" -%}
{%- set any_time = minute ~ "(?::" ~ second ~ "(?:[.,][0-9]{1,9})?)?(?: ?" ~ offset ~ ")?" -%}
{%- set given = "upper(" ~ given_text(column) ~ ")" -%}
{%- set number = "toDecimal128OrNull(" ~ _number_text(given_text(column)) ~ ", 9)" -%}
    multiIf(
        match({{ column }}, '^{{ date }} {{ minute }}:{{ second }}(?:\\.[0-9]{1,9})?$'),
        parseDateTime64BestEffortOrNull({{ column }}, {{ scale }}, 'UTC'),
        match({{ given }}, '^{{ any_date }}(?:[T ]{{ any_time }})?$'),
        parseDateTime64BestEffortOrNull(
            replaceRegexpOne(
                replaceOne({{ given }}, ',', '.'), '(:[0-9.]+ ?[+-][0-9]{2})$', '\\1:00'
            ), {{ scale }}, 'UTC'
        ),
        cast(
            fromUnixTimestamp64Micro(toInt64({{ _microseconds_since_1970(number) }}), 'UTC'),
            'Nullable(DateTime64({{ scale }}, \'UTC\'))'
        )
    )
{%- endmacro %}

{#
    Seconds have had 10 digits since 2001, milliseconds 13, and so on. The lambda evaluates the
    number once.
#}
{% macro _microseconds_since_1970(number) -%}
    arrayMap(n -> multiIf(
        n >= 1e9 and n < 1e10, n * 1000000,
        n >= 1e12 and n < 1e13, n * 1000,
        n >= 1e15 and n < 1e16, n,
        n >= 1e18 and n < 1e19, n / 1000,
        null
    ), [{{ number }}])[1]
{%- endmacro %}
