{#
    Text that is safe to print. White space of Unicode, line breaks, terminal escapes and bidi
    overrides become one space, ends are trimmed, and empty text becomes null. Invisible characters
    are left out, except joiners, which emoji and some languages need.
#}

{% macro clean_text(column) -%}
    {{ _trimmed(
        "replaceRegexpAll(" ~ column ~ ", '[\\\\x{AD}\\\\x{200B}\\\\x{2060}-\\\\x{2064}\\\\x{FEFF}]+', '')"
    ) }}
{%- endmacro %}

{% macro _trimmed(text) -%}
    nullIf(trim(replaceRegexpAll(
        {{ text }}, '[\\s\\p{Cc}\\p{Z}\\x{202A}-\\x{202E}\\x{2066}-\\x{2069}]+', ' '
    )), '')
{%- endmacro %}
