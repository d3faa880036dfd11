"""What the questions must answer, computed with numpy and pandas from the files only."""

# ruff: noqa: RUF001 (the Greek sigma)

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from warm_project import REPOSITORY

ASSIGNED = [
    chr(code)
    for code in range(1, sys.maxunicode)
    if unicodedata.category(chr(code)) not in ("Cn", "Co", "Cs")
]
EMOJI = "".join(c for c in ASSIGNED if unicodedata.category(c) == "So") + "\U0001f000-\U0001faff"
IGNORABLE = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0100-\U000e01ef"
)
Nearest = list[tuple[str, float]]


def folded(text: str) -> str | None:
    """What fold_keyword() promises, computed with Python's Unicode tables."""
    visible = f"([{EMOJI}])[\ufe00-\ufe0f]*(\u200d)|[{IGNORABLE}]"
    text = re.sub(visible, lambda found: (found[1] or "") + (found[2] or ""), text)
    text = unicodedata.normalize("NFKD", text).lower()
    text = text.replace("ς", "σ").replace("i\u0307", "i").replace("ß", "ss")
    text = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip() or None


class Truth:
    def __init__(self, data: Path) -> None:
        self.photos = pd.read_parquet(data / "photos.parquet").set_index("photo_id", drop=False)
        self.ids: list[str] = list(self.photos["photo_id"])
        vectors = np.array(self.photos["photo_embed"].to_list(), dtype=np.float64)
        self.vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        self.data = data

    def vector(self, photo_id: str) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = self.vectors[self.ids.index(photo_id)]
        return found

    def nearest(
        self,
        vector: npt.NDArray[np.float64],
        without: Iterable[str] = (),
        where: "pd.Series[bool] | None" = None,
    ) -> Nearest:
        """All photos except `without`, nearest first, ties by photo_id."""
        allowed = set(self.ids if where is None else where.index[where]) - set(without)
        distances = 1 - self.vectors @ vector / np.linalg.norm(vector)
        pairs = zip(self.ids, map(float, distances), strict=True)
        return sorted(
            (pair for pair in pairs if pair[0] in allowed),
            key=lambda pair: (round(pair[1], 7), pair[0]),
        )

    def similar(self, photo_id: str) -> Nearest:
        return self.nearest(self.vector(photo_id), without=[photo_id])

    @cached_property
    def conversions(self) -> pd.DataFrame:
        """Downloads of known photos by keyword, cleaned, with the keyword that each counts as."""
        table = pq.read_table(self.data / "conversions.parquet").to_pandas()
        table["typed"] = table["keyword"].map(folded, na_action="ignore")
        table = table[table["photo_id"].isin(self.ids) & table["typed"].notna()].copy()
        aliases = pd.read_csv(REPOSITORY / "seeds" / "keyword_aliases.csv")
        meanings = dict(zip(aliases["alias"], aliases["keyword"], strict=True))
        table["keyword"] = table["typed"].map(lambda typed: meanings.get(typed, typed))
        table["month"] = table["converted_at"].str[:7] + "-01"
        table["day"] = pd.to_datetime(table["converted_at"].str[:10])
        table["country"] = table["conversion_country"]
        table["device"] = table["device_type"]
        return table

    def groups(self, max_distance: float) -> dict[str, set[str]]:
        """Each photo with a near-duplicate, and all photos connected with it, itself included."""
        found: dict[str, set[str]] = {}
        for one, other in np.argwhere(1 - self.vectors @ self.vectors.T <= max_distance):
            if one < other:
                first, second = (found.get(self.ids[i], {self.ids[i]}) for i in (one, other))
                for member in first | second:
                    found[member] = first | second
        return found
