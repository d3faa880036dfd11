{%- set hostile = "O'Brien \\' or 1=1 -- \\" %}

select {{ text_literal(hostile) }} as actual
where actual != unhex('{{ hostile.encode("utf-8").hex() }}')
