"""A small CLIP image tower with weights from a fixed seed: real architecture, no training.

It sees colour and texture and no meaning. It needs no download, so the demo and the tests use it.
"""

import hashlib
import zlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from photo_search.errors import ModelError
from photo_search.ingest.embedding.encoder import DIMENSION

if TYPE_CHECKING:
    from transformers import CLIPVisionModelWithProjection

LAYERS, WIDTH, HEADS = 2, 192, 3
SEED = 0
BY_DEPTH = (2 * LAYERS) ** -0.5
SPREADS = {  # standard deviations, as in `CLIPPreTrainedModel._init_weights`; else WIDTH ** -0.5
    "patch_embedding.weight": 0.02,
    "position_embedding.weight": 0.02,
    "q_proj.weight": WIDTH**-0.5 * BY_DEPTH,
    "k_proj.weight": WIDTH**-0.5 * BY_DEPTH,
    "v_proj.weight": WIDTH**-0.5 * BY_DEPTH,
    "fc1.weight": (2 * WIDTH) ** -0.5,
    "fc2.weight": WIDTH**-0.5 * BY_DEPTH,
}
WEIGHTS_SHA256 = "19940a4bef12e2274a767cd26e30e107d63e6ecd5c7e58ba99eb5a49b62fb431"


def build_demo_model() -> "CLIPVisionModelWithProjection":
    """The model in float32, the same to the last bit with every version of torch and transformers.

    Each tensor is drawn by NumPy's legacy generator, whose stream is frozen, from a seed of its
    own name. The standard deviations are those with which transformers starts training.
    """
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        patch_size=32,
        image_size=224,
        projection_dim=DIMENSION,
    )
    model = CLIPVisionModelWithProjection(config)
    digest = hashlib.sha256()
    with torch.no_grad():
        for name, tensor in sorted(model.named_parameters()):
            values = _draw(name, tuple(tensor.shape))
            digest.update(name.encode() + values.tobytes())
            tensor.copy_(torch.from_numpy(values))
    if digest.hexdigest() != WEIGHTS_SHA256:
        raise ModelError(
            f"The demo model came out as {digest.hexdigest()} instead of {WEIGHTS_SHA256}: this "
            "version of transformers names its tensors differently. Install the pinned version."
        )
    model.eval()  # type: ignore[no-untyped-call]
    return model


def _draw(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    if name.endswith(".bias"):
        return np.zeros(shape, np.float32)
    if "norm" in name:
        return np.ones(shape, np.float32)
    spread = next((value for end, value in SPREADS.items() if name.endswith(end)), WIDTH**-0.5)
    generator = np.random.RandomState(SEED + zlib.crc32(name.encode()) % 2**31)
    return np.asarray(generator.standard_normal(shape) * spread, dtype=np.float32)
