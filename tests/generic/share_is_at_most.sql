{# Fails when `condition` holds for more than `share` (0 to 1) of the rows. #}

{% test share_is_at_most(model, condition, share, column_name=none) -%}
select
    countIf({{ condition }}) as count_matching,
    count() as count_rows

from {{ model }}

having count_matching > {{ share }} * count_rows
{%- endtest %}
