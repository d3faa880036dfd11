"""The materializations, tests, relations and names that every dbt project uses.

Left out, because a class here already runs the same code: BaseTableMaterialization
(BaseSimpleMaterializations), EmptyModelsArentRunBase (SimpleCopyBase), BaseNoPopulateCache
(BaseCachingLowercaseModel).

Left out, because they test dbt-core and not the adapter: BaseCloneNotPossible,
BaseCloneSameTargetAndState, BaseDebugInvalidProjectPostgres.
"""

from pathlib import Path
from typing import Any

import pytest
from dbt.tests.adapter.aliases.test_aliases import (
    BaseAliasErrors,
    BaseAliases,
    BaseSameAliasDifferentSchemas,
)
from dbt.tests.adapter.basic.test_adapter_methods import BaseAdapterMethod
from dbt.tests.adapter.basic.test_base import BaseSimpleMaterializations
from dbt.tests.adapter.basic.test_empty import BaseEmpty
from dbt.tests.adapter.basic.test_ephemeral import BaseEphemeral
from dbt.tests.adapter.basic.test_generic_tests import BaseGenericTests
from dbt.tests.adapter.basic.test_singular_tests import BaseSingularTests
from dbt.tests.adapter.basic.test_singular_tests_ephemeral import BaseSingularTestsEphemeral
from dbt.tests.adapter.basic.test_validate_connection import BaseValidateConnection
from dbt.tests.adapter.caching.test_caching import (
    BaseCachingLowercaseModel,
    BaseCachingSelectedSchemaOnly,
    BaseCachingUppercaseModel,
)
from dbt.tests.adapter.column_types.test_column_types import BasePostgresColumnTypes
from dbt.tests.adapter.concurrency.test_concurrency import BaseConcurrency
from dbt.tests.adapter.dbt_clone.test_dbt_clone import (
    BaseClonePossible,
)
from dbt.tests.adapter.dbt_debug.test_dbt_debug import (
    BaseDebugPostgres,
)
from dbt.tests.adapter.ephemeral.test_ephemeral import (
    BaseEphemeralErrorHandling,
    BaseEphemeralMulti,
    BaseEphemeralNested,
)
from dbt.tests.adapter.relations.test_changing_relation_type import BaseChangeRelationTypeValidator
from dbt.tests.adapter.relations.test_dropping_schema_named import BaseDropSchemaNamed
from dbt.tests.adapter.simple_copy.test_copy_uppercase import BaseSimpleCopyUppercase
from dbt.tests.adapter.simple_copy.test_simple_copy import SimpleCopyBase
from dbt.tests.util import check_relations_equal, check_table_does_not_exist, run_dbt


class TestSimpleMaterializations(BaseSimpleMaterializations):
    pass


class TestEmpty(BaseEmpty):
    pass


class TestEphemeral(BaseEphemeral):
    pass


class TestGenericTests(BaseGenericTests):
    pass


class TestSingularTests(BaseSingularTests):
    pass


class TestSingularTestsEphemeral(BaseSingularTestsEphemeral):
    pass


class TestValidateConnection(BaseValidateConnection):
    pass


class TestAdapterMethod(BaseAdapterMethod):
    pass


class TestAliases(BaseAliases):
    pass


class TestAliasErrors(BaseAliasErrors):
    pass


class TestSameAliasDifferentSchemas(BaseSameAliasDifferentSchemas):
    pass


class TestChangeRelationType(BaseChangeRelationTypeValidator):
    pass


class TestConcurrency(BaseConcurrency):
    pass


class TestSimpleCopy(SimpleCopyBase):
    pass


class TestSimpleCopyUppercase(BaseSimpleCopyUppercase):
    @pytest.fixture(scope="class")
    def dbt_profile_target(self, chdb_path: Path) -> dict[str, Any]:
        return {"type": "chdb", "chdb_path": str(chdb_path), "threads": 4}


class TestDebug(BaseDebugPostgres):
    pass


class CacheOfOneRelation:
    """dbt reads the keys of the cache as relations. dbt-clickhouse uses schema and name."""

    def run_and_inspect_cache(self, project: Any, run_args: list[str]) -> None:
        for _ in ("built and added", "found in the database"):
            run_dbt(run_args)
            (key,) = project.adapter.cache.relations
            assert (key.schema, key.identifier.lower()) == (project.test_schema, "model")


class TestCachingLowercaseModel(CacheOfOneRelation, BaseCachingLowercaseModel):
    pass


class TestCachingUppercaseModel(CacheOfOneRelation, BaseCachingUppercaseModel):
    pass


class TestCachingSelectedSchemaOnly(CacheOfOneRelation, BaseCachingSelectedSchemaOnly):
    pass


class TestColumnTypes(BasePostgresColumnTypes):
    pass


class TestClonePossible(BaseClonePossible):
    pass


class TestEphemeralMulti(BaseEphemeralMulti):
    def test_ephemeral_multi(self, project: Any) -> None:
        """The same as dbt's test, which compares the whole text of a Postgres view."""
        run_dbt(["seed"])
        assert len(run_dbt(["run"])) == 3
        for model in ("dependent", "double_dependent", "super_dependent"):
            check_relations_equal(project.adapter, ["seed", model])
        view = Path("target/run/test/models/double_dependent.sql").read_text()
        assert view.count("__dbt__cte__base as (") == 1


class TestEphemeralNested(BaseEphemeralNested):
    def test_ephemeral_nested(self, project: Any) -> None:
        """The same as dbt's test, which compares the whole text of a Postgres view."""
        assert len(run_dbt(["run"])) == 2
        check_relations_equal(project.adapter, ["source_table", "root_view"])
        view = Path("target/run/test/models/root_view.sql").read_text()
        inner, outer = "__dbt__cte__ephemeral_level_two as (", "__dbt__cte__ephemeral as ("
        assert view.index(inner) < view.index(outer)


class TestEphemeralErrorHandling(BaseEphemeralErrorHandling):
    pass


class TestDropSchemaNamed(BaseDropSchemaNamed):
    def test_dropped_schema_named_drops_expected_schema(self, project: Any) -> None:
        """The same as dbt's test, but it looks for the view. Each connection creates the schema
        again.
        """
        assert len(run_dbt(["run"])) == 1
        run_dbt(
            [
                "run-operation",
                "drop_schema_named",
                "--args",
                f"{{schema_name: {project.test_schema}}}",
            ]
        )
        check_table_does_not_exist(project.adapter, "model_a")
