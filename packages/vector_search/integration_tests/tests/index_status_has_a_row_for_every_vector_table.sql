-- depends_on: {{ ref('products') }}, {{ ref('products_by_id') }}
select groupArray((table_name, index_name, status)) as found

from (
    {{ vector_search.index_status_query() | indent(4) }}
)

where table_name != 'weighted_products'

having
    found != [
        ('products', 'embedding_index', 'Built'),
        ('products_by_id', 'by_id', 'Built')
    ]
