{# Fails if a column has vectors of several versions. Distances between them mean nothing. #}

{% test has_one_version(model, column_name) -%}
{{ config(meta={
    "finding": "{model} has vectors of {failures} embedding versions, and distances between them mean nothing.",
    "advice": "Embed these rows again, and build {model} again.",
}) }}
select
    {{ column_name }},
    count() as count_rows

from {{ model }}

where (select uniqExact({{ column_name }}) from {{ model }}) > 1

group by {{ column_name }}
{%- endtest %}
