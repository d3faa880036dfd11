-- What to offer instead of SHOE-1: the products most like it that cost less, and how many were ordered.
select
    nearest.similarity_rank,
    nearest.sku as sku,
    products.title,
    products.price,
    toString(round(nearest.distance, 2)) as distance,
    sum(orders.quantity) as count_ordered
from ({{ vector_search.nearest(ref('products'), to='SHOE-1', top_k=3, where='price < 90') }}) as nearest
inner join {{ ref('products') }} as products on nearest.sku = products.sku
left join {{ ref('orders') }} as orders on nearest.sku = orders.sku
group by all
order by nearest.similarity_rank
