"""What this machine computes on, and how exactly."""

from photo_search.ingest.embedding.models import ModelFiles


def best_device() -> str:
    """`cuda`, `mps` or `cpu`."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def choose_precision(wanted: str, model: ModelFiles) -> str:
    """`float32` or `bfloat16`; `auto` is bfloat16 where the processor computes in it.

    The demo model stays in float32: it is small, and its answers are the same on every machine.
    """
    if wanted != "auto":
        return wanted
    if model.folder is None:
        return "float32"
    import torch

    capabilities = torch.cpu.get_capabilities()
    has_units = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))
    return "bfloat16" if has_units or best_device() != "cpu" else "float32"
