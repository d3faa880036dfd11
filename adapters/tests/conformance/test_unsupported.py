"""Tests of dbt for features that chDB or dbt-clickhouse lacks, each with its reason."""

import pytest
from dbt.tests.adapter.aliases.test_aliases import BaseSameAliasDifferentDatabases
from dbt.tests.adapter.basic.test_docs_generate import BaseDocsGenReferences
from dbt.tests.adapter.basic.test_get_catalog_for_single_relation import (
    BaseGetCatalogForSingleRelation,
)
from dbt.tests.adapter.catalog_integrations.test_catalog_integration import (
    BaseCatalogIntegrationValidation,
)
from dbt.tests.adapter.dbt_clone.test_dbt_clone import BaseCloneSameSourceAndTarget
from dbt.tests.adapter.functions.test_udfs import UDFsBasic
from dbt.tests.adapter.grants.test_incremental_grants import BaseIncrementalGrants
from dbt.tests.adapter.grants.test_invalid_grants import BaseInvalidGrants
from dbt.tests.adapter.grants.test_model_grants import BaseModelGrants
from dbt.tests.adapter.grants.test_seed_grants import BaseSeedGrants
from dbt.tests.adapter.grants.test_snapshot_grants import BaseSnapshotGrants
from dbt.tests.adapter.materialized_view.basic import MaterializedViewBasic
from dbt.tests.adapter.persist_docs.test_persist_docs import (
    BasePersistDocsQuotedColumnCaseSensitive,
)

no_users = pytest.mark.skip(reason="The engine inside a process has no users to grant to.")


@no_users
class TestModelGrants(BaseModelGrants):
    pass


@no_users
class TestIncrementalGrants(BaseIncrementalGrants):
    pass


@no_users
class TestSeedGrants(BaseSeedGrants):
    pass


@no_users
class TestSnapshotGrants(BaseSnapshotGrants):
    pass


@no_users
class TestInvalidGrants(BaseInvalidGrants):
    pass


@pytest.mark.skip(reason="dbt-clickhouse has no relation of type `function`.")
class TestFunctions(UDFsBasic):
    pass


@pytest.mark.skip(
    reason="A view of ClickHouse fills on insert; dbt's test refreshes one of Postgres."
)
class TestMaterializedView(MaterializedViewBasic):
    pass


@pytest.mark.skip(reason="dbt-clickhouse has no catalog integrations.")
class TestCatalogIntegration(BaseCatalogIntegrationValidation):
    pass


@pytest.mark.skip(reason="dbt-clickhouse has no get_catalog_for_single_relation().")
class TestGetCatalogForSingleRelation(BaseGetCatalogForSingleRelation):
    pass


@pytest.mark.skip(reason="Its expected catalog has Postgres's types. TestDocsGenerate covers ours.")
class TestDocsGenReferences(BaseDocsGenReferences):
    pass


@pytest.mark.skip(reason="ClickHouse has one level above a table, which dbt calls the schema.")
class TestSameAliasDifferentDatabases(BaseSameAliasDifferentDatabases):
    pass


@pytest.mark.skip(
    reason="dbt did not mark the models of this class as fixtures, so it builds others."
)
class TestCloneSameSourceAndTarget(BaseCloneSameSourceAndTarget):
    pass


@pytest.mark.skip(reason="dbt-clickhouse comments the columns that exist and does not warn.")
class TestPersistDocsQuotedColumnCaseSensitive(BasePersistDocsQuotedColumnCaseSensitive):
    pass
