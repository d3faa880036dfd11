{{ config(meta={
    "finding": "text_literal() changes a text with quotes into {actual}.",
    "advice": "Correct the macro before anything else: a value could be run as SQL.",
}) }}

{%- set hostile = "O'Brien \\' or 1=1 -- \\" %}

select {{ vector_search.text_literal(hostile) }} as actual
where actual != concat('O', char(39), 'Brien ', char(92, 39), ' or 1=1 -- ', char(92))
