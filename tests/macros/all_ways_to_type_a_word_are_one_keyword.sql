{{ config(meta={
    "finding": "fold_keyword() makes {actual} of a way to type {word}.",
    "advice": "Correct the macro: this engine reads it differently.",
}) }}

{# The same on every engine. Other ways to write each word follow it. #}

{%- set words = {
    "кот": ["Кот", " КОТ ", "кот\u200d"],
    "éclair": ["Éclair", "ÉCLAIR", "e\u0301clair", "E\u0301CLAIR"],
    "cat": ["cat\u00a0", "\u3000cat", "\ufeffcat", "ca\u200bt", "ca\u00adt", "ＣＡＴ", "c\u2060at\u200f", "ca\u202et"],
    "black cat": ["black\u00a0cat", "Black \t\u2003 Cat", "BLACK\u3000CAT"],
    "strasse": ["Straße", "STRASSE", "STRAẞE"],
    "σισυφοσ": ["ΣΙΣΥΦΟΣ", "σισυφος"],
    "istanbul": ["İstanbul", "ISTANBUL", "i\u0307stanbul"],
    "თბილისი": ["ᲗᲑᲘᲚᲘᲡᲘ"],
    "한글": ["\u1112\u1161\u11ab\u1100\u1173\u11af"],
    "ガラス": ["ｶﾞﾗｽ", "カ\u3099ラス"],
    "ế": ["Ế", "e\u0302\u0301", "ê\u0301"],
    "👩\u200d💻": ["👩\ufe0f\u200d💻"],
    "❤": ["❤\ufe0f"],
} %}
{%- set cases = [] %}
{%- for word, others in words.items() %}
    {%- for typed in [word] + others %}
        {%- do cases.append("(" ~ vector_search.literals([word, typed]) ~ ")") %}
    {%- endfor %}
{%- endfor %}

with

cases as (

    select
        cell.1 as word,
        toNullable(cell.2) as typed

    from (select arrayJoin([{{ cases | join(", ") }}]) as cell)

),

keywords as (

    select
        word,
        {{ fold_keyword("typed") }} as actual

    from cases

)

select *
from keywords
where coalesce(actual, '') != word
