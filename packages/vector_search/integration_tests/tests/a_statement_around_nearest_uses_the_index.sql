{{ vector_search.searches_without_index(
    ref('products'),
    "select sku from (" ~ vector_search.nearest(ref('products'), to='A-1', top_k=3) ~ ") where distance < 1"
) }}
