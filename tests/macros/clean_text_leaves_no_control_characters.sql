{{ config(meta={
    "finding": "clean_text() makes {actual} of a text that should become: a b [31m c.",
    "advice": "Correct the macro: this engine reads it differently.",
}) }}

select {{ clean_text("concat(' a\\n\\tb', unhex('1B'), '[31m', unhex('E280AE'), 'c ')") }} as actual
where coalesce(actual, '') != 'a b [31m c'
