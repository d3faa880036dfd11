with

seed as (

    select * from {{ ref('keyword_aliases') }}

),

folded as (

    select
        {{ fold_keyword('seed.alias') }} as folded_alias,
        {{ fold_keyword('seed.keyword') }} as folded_keyword

    from seed

)

select
    assumeNotNull(folded_alias) as alias, -- noqa: RF04
    min(assumeNotNull(folded_keyword)) as keyword

from folded

where folded_alias is not null and folded_keyword is not null

group by folded_alias
