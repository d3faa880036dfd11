"""Tokens of ClickHouse SQL, and what the stand-in needs to know about them.

The stand-in replaces spans of a statement's text, and the engine gets the rest unchanged. So it
needs tokens and the depth of brackets, and no grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, NoReturn

from .errors import ServerError

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<string>'(?:[^'\\]|\\.|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<quoted>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*")
      | (?P<number>0x[0-9a-fA-F]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d]\w*)
      | (?P<punct>->|::|<=|>=|!=|<>|==|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)|''|``", re.DOTALL)


class Token(NamedTuple):
    """One token. ``kind`` is word, quoted (an identifier), string, number or punct."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """A word in upper case, to compare keywords. Empty for strings and quoted names."""
        return self.text.upper() if self.kind in ("word", "punct", "number") else ""

    @property
    def value(self) -> str:
        """The name or string without its quotes."""
        if self.kind not in ("string", "quoted"):
            return self.text
        if self.text.startswith("$"):
            return self.text[self.text.index("$", 1) + 1 : self.text.rindex("$", 0, -1)]
        return _ESCAPE.sub(lambda m: m[1] or m[0][0], self.text[1:-1])


def tokens(sql: str) -> Iterator[Token]:
    """Tokens of ``sql`` without blanks and comments, lazily."""
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup
        if kind == "tag":
            kind = "string"
        if kind and kind != "space":
            yield Token(kind, match[0], match.start(), match.end())


class Statement(NamedTuple):
    """One statement. For an INSERT with data, ``data`` is what follows FORMAT x or VALUES."""

    sql: str
    tokens: list[Token]
    data: str | None = None

    def starts(self, *words: str) -> bool:
        """Whether the statement begins with these keywords."""
        return [t.upper for t in self.tokens[: len(words)]] == list(words)

    @property
    def verb(self) -> str:
        """The first keyword in upper case. Empty for an empty statement."""
        return next((t.upper for t in self.tokens if t.upper != "("), "")

    def replaced(self, edits: Iterable[tuple[int, int, str]]) -> Statement:
        """This statement with the given (start, end, text) spans of its SQL replaced."""
        sql = self.sql
        for start, end, text in sorted(edits, reverse=True):
            sql = sql[:start] + text + sql[end:]
        return Statement(sql, list(tokens(sql)), self.data)


def parse_statement(text: str) -> Statement:
    """Split a request into its statement and inline insert data.

    Raises ServerError 62 for a second statement after ``;``, as the HTTP interface does.
    """
    found: list[Token] = []
    may_carry_data = True
    for token in tokens(text):
        if found and found[-1].text == ";":
            at = found[-1].start + 1
            raise ServerError(
                62, f"Syntax error (Multi-statements are not allowed): failed at position {at}"
            )
        found.append(token)
        may_carry_data &= found[0].upper == "INSERT" and token.upper not in ("SELECT", "WITH")
        if not may_carry_data or token.kind != "word" or len(found) < 2:
            continue
        if token.upper == "VALUES" or found[-2].upper == "FORMAT":
            return Statement(text[: token.end], found, text[token.end :])
    if found and found[-1].text == ";":
        text = text[: found.pop().start]
    return Statement(text, found)


def insert_format(statement: Statement) -> str | None:
    """The format of an INSERT's data (``Values`` for VALUES). None for INSERT … SELECT."""
    if statement.data is None:
        return None
    last = statement.tokens[-1]
    return "Values" if last.upper == "VALUES" else last.text


def closing(toks: Sequence[Token], opening: int) -> int:
    """The index of the bracket that closes the one at index ``opening``."""
    depth = 0
    for i in range(opening, len(toks)):
        depth += (toks[i].text in "([{") - (toks[i].text in ")]}") if toks[i].kind == "punct" else 0
        if depth == 0:
            return i
    raise ServerError(62, f"Unmatched parentheses: {toks[opening].text}")


def split(
    toks: Sequence[Token], at: Callable[[Token], bool] = lambda t: t.text == ","
) -> list[list[Token]]:
    """Split a list of tokens at the separators outside all brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in toks:
        if token.kind == "punct":
            depth += (token.text in "([{") - (token.text in ")]}")
        if depth == 0 and token.kind in ("punct", "word") and at(token):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts if parts != [[]] else []


def span(sql: str, toks: Sequence[Token]) -> str:
    """The text of the tokens with the comments between them. Empty for no tokens."""
    return sql[toks[0].start : toks[-1].end] if toks else ""


def same(left: Sequence[Token], right: Sequence[Token]) -> bool:
    """Whether two lists of tokens are equal, except for blanks and the case of words."""
    return [t.upper or t.text for t in left] == [t.upper or t.text for t in right]


class Table(NamedTuple):
    """A table name as the user wrote it. ``database`` is empty if the name had none."""

    database: str
    name: str


class Reader:
    """A strict reader of tokens. An unexpected token is ServerError 62."""

    def __init__(self, toks: Sequence[Token]) -> None:
        self._toks = list(toks)
        self._at = 0

    def peek(self, ahead: int = 0) -> Token | None:
        """The token ``ahead`` of the current one. None after the end."""
        at = self._at + ahead
        return self._toks[at] if at < len(self._toks) else None

    def take(self, *words: str) -> bool:
        """Consume these keywords if all of them come next."""
        coming = [t.upper for t in self._toks[self._at : self._at + len(words)]]
        if coming != list(words):
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Consume these keywords, or raise ServerError 62."""
        if not self.take(*words):
            self.fail(" ".join(words))

    def fail(self, expected: str) -> NoReturn:
        """Raise a syntax error at the current position."""
        token = self.peek()
        where = f"position {token.start + 1} ('{token.text}')" if token else "end of query"
        raise ServerError(62, f"Syntax error: failed at {where}. Expected {expected}")

    def identifier(self) -> str:
        """Consume one name."""
        token = self.peek()
        if token is None or token.kind not in ("word", "quoted"):
            self.fail("identifier")
        self._at += 1
        return token.value

    def table(self) -> Table:
        """Consume ``[database.]table``."""
        first = self.identifier()
        return Table(first, self.identifier()) if self.take(".") else Table("", first)

    def skip(self) -> Token:
        """Consume one token of any kind."""
        token = self.peek()
        if token is None:
            self.fail("more")
        self._at += 1
        return token

    def brackets(self) -> list[Token]:
        """Consume a bracket and return what is inside."""
        end = closing(self._toks, self._at)
        inside = self._toks[self._at + 1 : end]
        self._at = end + 1
        return inside

    def end(self) -> None:
        """Raise ServerError 62 unless everything was read."""
        if self._at != len(self._toks):
            self.fail("end of query")
