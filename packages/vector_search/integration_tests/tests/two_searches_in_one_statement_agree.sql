{# search(), nearest_rows() and search_settings() are the parts of nearest(), for a larger statement. #}
{%- set asked = {"relation": ref('products'), "to": 'A-1', "top_k": 3} -%}
select sku

from (
    {{ vector_search.nearest_rows(vector_search.search(**asked)) | indent(4) }}
)

where sku not in (
    select sku
    from (
        {{ vector_search.nearest_rows(vector_search.search(exact=true, **asked)) | indent(8) }}
    )
)
{{ vector_search.search_settings() }}
