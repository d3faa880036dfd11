"""Pictures and texts to unit vectors of 512 numbers, with CLIP through transformers."""

import functools
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import numpy as np
import torch
import transformers

from photo_search.errors import ModelError
from photo_search.ingest.embedding.demo_model import build_demo_model
from photo_search.ingest.embedding.device import best_device
from photo_search.ingest.embedding.encoder import DIMENSION, ImageEncoder, Vectors
from photo_search.ingest.embedding.models import ModelFiles
from photo_search.ingest.embedding.preprocess import Pixels, Preprocessing

Half = TypeVar("Half", bound=transformers.PreTrainedModel)


class LastLayer(torch.nn.Module):
    """The last layer of the tower, computed for the one token that becomes the vector.

    The same as the whole layer, but without the other 49 tokens, which saves 6.6 % of the work.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        layer, attention = self.layer, self.layer.self_attn
        seen = layer.layer_norm1(tokens)
        queries, keys, values = (
            projected.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)
            for projected in (
                attention.q_proj(seen[:, :1]),
                attention.k_proj(seen),
                attention.v_proj(seen),
            )
        )
        answers = torch.nn.functional.scaled_dot_product_attention(queries, keys, values)
        token = tokens[:, :1] + attention.out_proj(answers.transpose(1, 2).flatten(2))
        return (token + layer.mlp(layer.layer_norm2(token)))[:, 0]  # type: ignore[no-any-return]


class ImageTower(torch.nn.Module):
    """The model from bytes of brightness to unit vectors, so that every backend runs all of it."""

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(
        self,
        model: transformers.CLIPVisionModelWithProjection,
        preprocessing: Preprocessing,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        std = torch.tensor(preprocessing.std)
        self.register_buffer("scale", (1 / (255 * std)).reshape(3, 1, 1))
        self.register_buffer("shift", (torch.tensor(preprocessing.mean) / std).reshape(3, 1, 1))
        self.model = model.to(dtype)  # type: ignore[arg-type]
        layers = model.vision_model.encoder.layers
        self.last_layer = LastLayer(layers[-1])
        del layers[-1]
        self.dtype = dtype

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        planes = pixels.permute(0, 3, 1, 2).float()
        brightness = (planes * self.scale - self.shift).to(self.dtype)
        tokens = self.model.vision_model(pixel_values=brightness).last_hidden_state
        token = self.model.vision_model.post_layernorm(self.last_layer(tokens))
        return torch.nn.functional.normalize(self.model.visual_projection(token).float(), dim=-1)


class TorchEncoder:
    """Runs the tower in PyTorch, on the GPU if there is one.

    Every batch has the same shape, filled up with black pictures: a vector then does not depend
    on how many others were computed beside it.
    """

    def __init__(self, tower: ImageTower, device: str, batch_size: int) -> None:
        self.batch_size = batch_size
        self._device = device
        self._tower = tower.eval().to(device)

    def __call__(self, pixels: Pixels) -> Vectors:
        full = np.zeros((self.batch_size, *pixels.shape[1:]), np.uint8)
        full[: len(pixels)] = pixels
        with torch.inference_mode():
            vectors = self._tower(torch.from_numpy(full).to(self._device))
        return cast(Vectors, vectors[: len(pixels)].cpu().numpy())


def load_encoder(model: ModelFiles, precision: str, backend: str) -> ImageEncoder:
    """Load the image half of the model. Raises ModelError if it is not a CLIP of 512 dimensions."""
    tower_model = (
        build_demo_model()
        if model.folder is None
        else _load(transformers.CLIPVisionModelWithProjection, model)
    )
    if tower_model.config.projection_dim != DIMENSION:
        raise ModelError(
            f"{model.name} gives vectors of {tower_model.config.projection_dim} numbers; the "
            f"tables hold {DIMENSION}. Choose a CLIP with a projection to {DIMENSION}."
        )
    if backend == "openvino":
        from photo_search.ingest.embedding.openvino import OpenVINOEncoder

        tower = ImageTower(tower_model, model.preprocessing, torch.float32)
        return OpenVINOEncoder(tower, model.preprocessing.size, precision)
    device = best_device()
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    tower = ImageTower(tower_model, model.preprocessing, dtype)
    return TorchEncoder(tower, device, batch_size=32 if device == "cpu" else 256)


def _load(kind: type[Half], model: ModelFiles) -> Half:
    """One half of the model in float32, from files of known hash, running no code of theirs."""
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        half = kind.from_pretrained(
            model.folder,
            use_safetensors=model.is_safe,
            local_files_only=True,
            trust_remote_code=False,
        )
    except Exception as error:  # a damaged configuration can raise anything
        raise ModelError(f"{model.folder} cannot be loaded as a CLIP model: {error}") from error
    half.float().eval()  # type: ignore[no-untyped-call]
    return half


def embed_text(model: ModelFiles, texts: Sequence[str]) -> Vectors:
    """Texts to float32 of shape (n, 512), each of length 1, comparable with the photos' vectors.

    A text longer than the model can read is cut to its length, 77 tokens for OpenAI's CLIP.
    Raises ModelError if the model has no text half, as the demo model.
    """
    if model.folder is None or not (model.folder / "tokenizer_config.json").exists():
        raise ModelError(
            f"The model {model.name} has no tokenizer, so it cannot read text. Use a CLIP with "
            "tokenizer files, such as openai/clip-vit-base-patch32."
        )
    tokenizer, tower = _load_text(model)
    tokens = tokenizer(
        list(texts),
        padding=len(texts) > 1,
        truncation=True,
        # A tokenizer that was saved without its length claims to have none.
        max_length=min(tokenizer.model_max_length, tower.config.max_position_embeddings),
        return_tensors="pt",
    )
    with torch.inference_mode():
        vectors = tower(tokens["input_ids"], tokens["attention_mask"]).text_embeds
    return cast(Vectors, torch.nn.functional.normalize(vectors, dim=-1).numpy())


@functools.lru_cache(maxsize=1)
def _load_text(model: ModelFiles) -> tuple[Any, transformers.CLIPTextModelWithProjection]:
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model.folder, local_files_only=True)
    except Exception as error:  # each kind of tokenizer has its own ways to fail
        raise ModelError(f"The tokenizer in {model.folder} cannot be loaded: {error}") from error
    return tokenizer, _load(transformers.CLIPTextModelWithProjection, model)
