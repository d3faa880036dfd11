# syntax=docker/dockerfile:1
# The project and what it needs to run, for an ordinary user; compose.yaml says how to start it.
FROM python:3.13-slim-trixie
RUN useradd --create-home --uid 1000 photo \
    && install --directory --owner=photo /photo_search /photo_search/data /home/photo/.cache
USER 1000
WORKDIR /photo_search
ENV PATH=/photo_search/.venv/bin:$PATH
COPY --chown=photo . .
# PyTorch's CPU index, because PyPI's torch brings CUDA along
RUN --mount=type=cache,target=/home/photo/.cache/pip,uid=1000 \
    python -m venv .venv \
    && pip install --extra-index-url https://download.pytorch.org/whl/cpu \
        --constraint constraints.txt --editable adapters --editable . \
    && dbt deps
EXPOSE 8000
CMD ["photo-search", "serve", "--host", "0.0.0.0"]
