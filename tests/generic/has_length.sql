{# Fails on every row whose array does not have exactly `length` numbers. #}

{% test has_length(model, column_name, length) -%}
select *
from {{ model }}
where length({{ column_name }}) != {{ length }}
{%- endtest %}
