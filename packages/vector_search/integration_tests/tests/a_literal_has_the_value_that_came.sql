{%- set texts = ["O'Neil", "C:\\new", "\\'", "'; drop table x; --", "{{ 1 }}", "ü 中 🛒", "%s ?", "a\tb\nc"] -%}
select *

from (
    select
        arrayJoin([{{ vector_search.literals(texts) }}]) as found,
        hex(found) as found_hex
)

where found_hex not in (
    {%- for text in texts %}
    '{{ text.encode("utf-8").hex() | upper }}'{{ "," if not loop.last }}
    {%- endfor %}
)

union all

select
    'numbers' as found,
    toString([{{ vector_search.literals([1, -2.5, 3]) }}]) as found_hex

where found_hex != '[1,-2.5,3]'
