{#
    Line breaks, terminal escapes and bidi overrides become one space, ends are trimmed, nothing
    becomes null. Done once, here, so that no later step can print what a stranger typed as a command.
#}

{% macro clean_text(column) -%}
    nullIf(trim(replaceRegexpAll(
        {{ column }}, '[\\s\\p{Cc}\\x{202A}-\\x{202E}\\x{2066}-\\x{2069}]+', ' '
    )), '')
{%- endmacro %}
