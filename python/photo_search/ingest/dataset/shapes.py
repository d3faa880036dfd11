"""The tables of an Unsplash release: their names and columns."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TableShape:
    """A table of the dataset: its columns as of release 1.4 and those that no release may lack."""

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]


PHOTOS = TableShape(
    "photos",
    (
        "photo_id",
        "photo_url",
        "photo_image_url",
        "photo_submitted_at",
        "photo_featured",
        "photo_width",
        "photo_height",
        "photo_aspect_ratio",
        "photo_description",
        "photographer_username",
        "photographer_first_name",
        "photographer_last_name",
        "exif_camera_make",
        "exif_camera_model",
        "exif_iso",
        "exif_aperture_value",
        "exif_focal_length",
        "exif_exposure_time",
        "photo_location_name",
        "photo_location_latitude",
        "photo_location_longitude",
        "photo_location_country",
        "photo_location_city",
        "stats_views",
        "stats_downloads",
        "ai_description",
        "ai_primary_landmark_name",
        "ai_primary_landmark_latitude",
        "ai_primary_landmark_longitude",
        "ai_primary_landmark_confidence",
        "blur_hash",
    ),
    required=("photo_id", "photo_image_url"),
)
CONVERSIONS = TableShape(
    "conversions",
    (
        "converted_at",
        "conversion_type",
        "keyword",
        "photo_id",
        "anonymous_user_id",
        "conversion_country",
        "device_type",
        "search_orientation_filter",
        "search_ordering",
    ),
    required=("photo_id", "keyword"),
)
