"""Hooks before and after models, seeds, snapshots and runs.

Left out, because they are TestModelHooks with other YAML: the `+`-prefixed, white-space and keyword
forms of the model, seed and snapshot hooks.
"""

from pathlib import Path
from typing import Any

import pytest
from dbt.tests.adapter.hooks import fixtures
from dbt.tests.adapter.hooks.test_model_hooks import (
    MODEL_POST_HOOK,
    MODEL_PRE_HOOK,
    BaseDuplicateHooksInConfigs,
    BaseHookRefs,
    BaseHooksRefsOnSeeds,
    BasePrePostModelHooks,
    BasePrePostModelHooksInConfig,
    BasePrePostModelHooksOnSeeds,
    BasePrePostModelHooksOnSnapshots,
)
from dbt.tests.adapter.hooks.test_run_hooks import BaseAfterRunHooks, BasePrePostRunHooks


@pytest.fixture(scope="module")
def test_data_dir() -> Path:
    """Where dbt keeps the tables for its hooks."""
    return Path(fixtures.__file__).parent / "data"


class TargetIsChdb:
    """What a hook saw of its target. dbt expects a Postgres database and its user."""

    def check_hooks(self, state: str, project: Any, host: None, count: int = 1) -> None:
        for row in self.get_ctx_vars(state, count=count, project=project):  # type: ignore[attr-defined]
            assert row["test_state"] == state
            assert row["target_name"] == "default"
            assert row["target_type"] == "chdb"
            assert row["target_schema"] == project.test_schema
            assert row["target_threads"] == 4
            assert row["run_started_at"]
            assert row["invocation_id"]
            assert row["thread_id"].startswith("Thread-") or row["thread_id"] == "MainThread"


class TestModelHooks(TargetIsChdb, BasePrePostModelHooks):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        """`optimize` instead of Postgres's `vacuum`, and outside a transaction: ClickHouse has
        none.
        """
        tidy = "optimize table {{ this.schema }}.on_model_hook"
        hooks = {"pre-hook": [MODEL_PRE_HOOK, tidy], "post-hook": [tidy, MODEL_POST_HOOK]}
        return {"models": {"test": hooks}}


class TestHookRefs(TargetIsChdb, BaseHookRefs):
    pass


class TestModelHooksInConfig(TargetIsChdb, BasePrePostModelHooksInConfig):
    pass


_ADD_A_COLUMN = ["alter table {{ this }} add column new_col Int32 default 1"]


class TestHooksOnSeeds(BasePrePostModelHooksOnSeeds):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"seeds": {"post-hook": _ADD_A_COLUMN, "quote_columns": False}}


class TestHookRefsOnSeeds(BaseHooksRefsOnSeeds):
    pass


class TestHooksOnSnapshots(BasePrePostModelHooksOnSnapshots):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {
            "snapshot-paths": ["test-snapshots"],
            "snapshots": {"post-hook": _ADD_A_COLUMN},
            "seeds": {"quote_columns": False},
        }


class TestDuplicateHooksInConfigs(BaseDuplicateHooksInConfigs):
    pass


class TestRunHooks(TargetIsChdb, BasePrePostRunHooks):
    def get_ctx_vars(self, state: str, project: Any, count: int = 1) -> list[dict[str, Any]]:
        return [super().get_ctx_vars(state, project)]


class TestAfterRunHooks(BaseAfterRunHooks):
    pass
