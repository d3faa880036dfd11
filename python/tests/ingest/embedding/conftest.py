from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
)

WORDS = ["<pad>", "<end>", "<unk>", "a", "red", "blue", "photo"]


def make_model(folder: Path, dimension: int = 512) -> CLIPModel:
    """Save a small CLIP with a text half, a tokenizer and a preprocessor."""
    small = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
    text = {"vocab_size": len(WORDS), "eos_token_id": 1, "bos_token_id": 0, "pad_token_id": 0}
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config={**small, **text, "num_attention_heads": 2, "projection_dim": dimension},
        vision_config={**small, "num_attention_heads": 2, "projection_dim": dimension},
        projection_dim=dimension,
    )
    model = CLIPModel(config).eval()
    model.save_pretrained(folder)
    CLIPImageProcessor().save_pretrained(folder)
    words = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, "<unk>"))
    words.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<end>", unk_token="<unk>"
    )
    tokenizer.save_pretrained(folder)
    return model


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    make_model(folder)
    return folder


@pytest.fixture(scope="session")
def processor_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLIP as `save_pretrained` of the current CLIPModel and CLIPProcessor writes it.

    The image processor is inside processor_config.json, and the tokenizer has no length.
    """
    folder = tmp_path_factory.mktemp("processor")
    letters = [letter + end for letter in "abdelotuphr" for end in ("", "</w>")]
    ends = ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(letters + ends)}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[])
    CLIPProcessor(CLIPImageProcessor(), tokenizer).save_pretrained(folder)
    small = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config={
            **small,
            "vocab_size": len(vocabulary),
            "bos_token_id": vocabulary[ends[0]],
            "eos_token_id": vocabulary[ends[1]],
            "num_attention_heads": 2,
            "max_position_embeddings": 16,
        },
        vision_config={**small, "num_attention_heads": 2},
        projection_dim=512,
    )
    CLIPModel(config).eval().save_pretrained(folder)
    return folder
