-- The messages most like message 1.
select
    nearest.similarity_rank,
    nearest.id as id,
    messages.message,
    toString(round(nearest.distance, 2)) as distance
from ({{ vector_search.nearest(ref('messages_with_vectors'), to=1, top_k=3) }}) as nearest
inner join {{ ref('messages') }} as messages on nearest.id = messages.id
order by nearest.similarity_rank
