{#
    A keyword as Unicode folds identifiers (NFKC_Casefold), so that all ways to type a word are one
    keyword. Letters become lower case and composed, wide and narrow forms become ordinary ones, and
    invisible characters go. Accents stay, and emoji keep their joiners and flags. Engines agree on
    normalizeUTF8…(). What lowerUTF8() misses before ClickHouse 25 is listed below. Most keywords
    are ASCII and skip all this.
#}

{% macro fold_keyword(column) -%}
    {{ _trimmed(
        "if(length(" ~ column ~ ") = lengthUTF8(" ~ column ~ "), lower(" ~ column ~ "), "
        ~ _folded(column) ~ ")"
    ) }}
{%- endmacro %}

{#
    Decomposed first, so that a letter and its accents fold alike however they were typed. The dot
    that the Turkish capital i leaves is removed. Both small sigmas become one, and sharp s becomes
    ss.
#}
{% macro _folded(column) -%}
{%- set visible -%}
    replaceRegexpAll(
        toValidUTF8({{ column }}),
        '([\\p{So}\\x{1F000}-\\x{1FAFF}])[\\x{FE00}-\\x{FE0F}]*(\\x{200D})|[{{ _ignorable() }}]', '\\1\\2'
    )
{%- endset -%}
{%- set letters = _capitals_that_older_engines_keep() -%}
    normalizeUTF8NFKC(replaceAll(replaceAll(
        translateUTF8(
            lowerUTF8(normalizeUTF8NFKD({{ visible }})), 'ς{{ letters }}', 'σ{{ letters | lower }}'
        ), 'i̇', 'i'), 'ß', 'ss'))
{%- endmacro %}

{# Unicode's Default_Ignorable_Code_Point, but for the tags that tell flags apart, as a class of RE2. #}
{% macro _ignorable() -%}
    {{ return(
        "\\\\x{AD}\\\\x{34F}\\\\x{61C}\\\\x{115F}-\\\\x{1160}\\\\x{17B4}-\\\\x{17B5}\\\\x{180B}-\\\\x{180F}\\\\x{200B}-\\\\x{200F}\\\\x{202A}-\\\\x{202E}"
        ~ "\\\\x{2060}-\\\\x{206F}\\\\x{3164}\\\\x{FE00}-\\\\x{FE0F}\\\\x{FEFF}\\\\x{FFA0}\\\\x{FFF0}-\\\\x{FFF8}\\\\x{1BCA0}-\\\\x{1BCA3}\\\\x{1D173}-\\\\x{1D17A}\\\\x{E0100}-\\\\x{E01EF}"
    ) }}
{%- endmacro %}

{% macro _capitals_that_older_engines_keep() -%}
    {{ return(
        "ȺȾᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕ"
        ~ "ᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿẞℲↃⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣ"
        ~ "ⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꞍꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵ𐒰𐒱"
        ~ "𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘"
        ~ "𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡"
    ) }}
{%- endmacro %}
