select {{ clean_text("concat(' a\\n\\tb', unhex('1B'), '[31m', unhex('E280AE'), 'c ')") }} as actual
where coalesce(actual, '') != 'a b [31m c'
