"""Errors in the words of a ClickHouse server, and the HTTP status of each code."""

from __future__ import annotations

NAMES = {
    36: "BAD_ARGUMENTS",
    44: "ILLEGAL_COLUMN",
    48: "NOT_IMPLEMENTED",
    49: "LOGICAL_ERROR",
    57: "TABLE_ALREADY_EXISTS",
    60: "UNKNOWN_TABLE",
    62: "SYNTAX_ERROR",
    80: "INCORRECT_QUERY",
    115: "UNKNOWN_SETTING",
    117: "INCORRECT_DATA",
    164: "READONLY",
    210: "NETWORK_ERROR",
    392: "QUERY_NOT_ALLOWED",
    497: "ACCESS_DENIED",
    516: "AUTHENTICATION_FAILED",
    524: "ALTER_OF_COLUMN_IS_FORBIDDEN",
    1001: "STD_EXCEPTION",
    # MyScale added this error. None of the sources says its number, so we invented one.
    20001: "INVALID_VECTOR_INDEX",
}

_BAD_REQUEST = {6, 25, 26, 27, 33, 38, 41, 44, 53, 62, 69, 72, 80, 117, 153, 164, 386, 441, 467}
_NOT_FOUND = {46, 47, 50, 56, 60, 63, 73, 81, 84, 115}
_OTHER = {48: 501, 159: 408, 194: 401, 516: 403, 497: 403}


class ServerError(Exception):
    """An answer with a ClickHouse error code. ``text`` has no ``Code: …`` frame."""

    def __init__(self, code: int, text: str, name: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.name = name or NAMES.get(code, "UNKNOWN_EXCEPTION")

    def body(self, version: str) -> str:
        """The text of the HTTP answer, in the server's frame."""
        if self.code == 1001:
            return (
                "std::exception. Code: 1001, type: SearchIndexException, "
                f"e.what() = {self.text} (version {version})\n"
            )
        framed = f"Code: {self.code}. DB::Exception: {self.text}. ({self.name})"
        return f"{framed} (version {version})\n"


def http_status(code: int) -> int:
    """The HTTP status that ClickHouse 23 and 24 send for an exception with this code."""
    if code in _OTHER:
        return _OTHER[code]
    if code in _BAD_REQUEST:
        return 400
    return 404 if code in _NOT_FOUND else 500
