"""Photos as 64-bit keys, so that millions of them can be compared in little memory.

That two of 7 million photos share a key has a probability of about one in a million.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from photo_search.photo_id import PHOTO_ID

Keys = npt.NDArray[np.uint64]


def photo_keys(photo_ids: pa.Array, urls: pa.Array) -> Keys:
    """One key per photo. A photo whose URL has changed counts as another one."""
    return hashed(pc.binary_join_element_wise(photo_ids, urls, "\t"))


def are_valid(photo_ids: pa.Array) -> pa.Array:
    """Whether each is the id of a photo. A null is not."""
    return pc.fill_null(pc.match_substring_regex(photo_ids, f"^{PHOTO_ID}$"), False)


def hashed(texts: pa.Array) -> Keys:
    keys: Keys = pd.util.hash_array(texts.to_numpy(zero_copy_only=False), categorize=False)
    return keys
