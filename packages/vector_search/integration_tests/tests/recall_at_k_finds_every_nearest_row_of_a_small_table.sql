select *

from (
    {{ vector_search.recall_at_k(ref('products'), k=2, count_query_rows=5) | indent(4) }}
)

where (count_query_rows, count_nearest, recall) != (5, 10, 1)
