"""What the questions must answer, computed with numpy and pandas from the files alone."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from warm_project import REPOSITORY

CONTROL = r"[\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+"
Nearest = list[tuple[str, float]]


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
        """All photos but `without`, nearest first, ties by photo_id."""
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
        """Downloads of known photos that followed a keyword: cleaned, and what it counts as."""
        table = pq.read_table(self.data / "conversions.parquet").to_pandas()
        table["typed"] = (
            table["keyword"].str.replace(CONTROL, " ", regex=True).str.strip().str.lower()
        )
        table = table[table["photo_id"].isin(self.ids) & (table["typed"].fillna("") != "")].copy()
        aliases = pd.read_csv(REPOSITORY / "seeds" / "keyword_aliases.csv")
        meanings = dict(zip(aliases["alias"], aliases["keyword"], strict=True))
        table["keyword"] = table["typed"].map(lambda typed: meanings.get(typed, typed))
        table["month"] = table["converted_at"].str[:7] + "-01"
        table["day"] = pd.to_datetime(table["converted_at"].str[:10])
        table["country"] = table["conversion_country"]
        table["device"] = table["device_type"]
        return table

    def groups(self, max_distance: float) -> dict[str, set[str]]:
        """Each photo that has a near-duplicate: all it is connected with, itself included."""
        found: dict[str, set[str]] = {}
        for one, other in np.argwhere(1 - self.vectors @ self.vectors.T <= max_distance):
            if one < other:
                first, second = (found.get(self.ids[i], {self.ids[i]}) for i in (one, other))
                for member in first | second:
                    found[member] = first | second
        return found
