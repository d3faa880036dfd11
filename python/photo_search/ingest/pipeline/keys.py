"""Photos as 64-bit keys, so that millions of them can be compared in little memory.

That two of 7 million photos share a key has a probability of about one in a million.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Keys = npt.NDArray[np.uint64]


def photo_keys(photo_ids: pa.Array, urls: pa.Array) -> Keys:
    """One key per photo. A photo whose URL has changed counts as another one."""
    return hashed(pc.binary_join_element_wise(photo_ids, urls, "\t"))


def hashed(texts: pa.Array) -> Keys:
    keys: Keys = pd.util.hash_array(texts.to_numpy(zero_copy_only=False), categorize=False)
    return keys
