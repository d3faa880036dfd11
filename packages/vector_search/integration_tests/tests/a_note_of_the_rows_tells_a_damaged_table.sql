{# note_rows() is a hook of every model here. is_whole() and damaged_tables() read what it wrote. #}
{%- set tables = [ref('products'), ref('sales')] -%}
select *

from (
    select
        {{ vector_search.is_whole(tables[0]) | int if execute else 1 }} as is_whole,
        {{ vector_search.damaged_tables(tables) | length if execute else 0 }} as count_damaged,
        (select comment from system.tables where database = '{{ tables[0].schema }}' and name = 'products') as note
)

where is_whole != 1 or count_damaged != 0 or note not like '%dbt build: 8 rows'
