"""From photo URLs to vectors in Parquet, to a warehouse, to a page: ingest, load, ask, draw.

These four folders are the way of a photo. Each imports from itself and those before it, and all of
them from what lies beside: errors, photo ids, storage, the network and the dbt project.
"""
