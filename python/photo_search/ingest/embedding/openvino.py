"""The image tower on OpenVINO, which uses all of the processor: pip install '.[openvino]'."""

from typing import Any

import numpy as np
import torch

from photo_search.errors import ModelError
from photo_search.ingest.embedding.encoder import DIMENSION, Vectors
from photo_search.ingest.embedding.preprocess import Pixels

REQUEST = 16  # pictures in one request; more does not make it faster
REQUESTS_PER_STREAM = 4  # so that few streams stand idle at the end of a batch


class OpenVINOEncoder:
    """Cuts a batch into requests of one shape and runs them on one stream per core or so."""

    def __init__(self, tower: torch.nn.Module, side: int, precision: str) -> None:
        try:
            import openvino
        except ImportError as error:
            raise ModelError(
                "The backend openvino is not installed. Install it with "
                "pip install 'photo-search[openvino]', or use --backend torch."
            ) from error
        shape = (REQUEST, side, side, 3)
        example = torch.zeros(shape, dtype=torch.uint8)
        with torch.inference_mode():
            graph = openvino.convert_model(tower.eval(), example_input=example, input=[shape])
        hint = {"float32": "f32", "bfloat16": "bf16"}[precision]
        model = openvino.compile_model(
            graph,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": hint,
                "PERFORMANCE_HINT": "THROUGHPUT",
                "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            },
        )
        self._queue = openvino.AsyncInferQueue(model)
        self._queue.set_callback(_keep_answer)
        self.batch_size = REQUEST * REQUESTS_PER_STREAM * len(self._queue)

    def __call__(self, pixels: Pixels) -> Vectors:
        vectors = np.empty((len(pixels), DIMENSION), np.float32)
        for start in range(0, len(pixels), REQUEST):
            some = pixels[start : start + REQUEST]
            filled = np.zeros((REQUEST, *some.shape[1:]), np.uint8)
            filled[: len(some)] = some
            self._queue.start_async([filled], vectors[start : start + REQUEST])
        self._queue.wait_all()
        return vectors


def _keep_answer(request: Any, vectors: Vectors) -> None:
    vectors[:] = request.get_output_tensor().data[: len(vectors)]
