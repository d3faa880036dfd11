{# Fails unless the question `asked` to nearest() about `model` has this answer: keys and distances, nearest first. #}

{% test answers(model, asked, expected) -%}
{{ answer_differs(
    vector_search.nearest(model, **asked),
    vector_search.searched_columns(model, asked.key, asked.column).key,
    expected,
) }}
{%- endtest %}
