"""What the id of a photo may look like."""

import re

from photo_search.errors import PhotoFailure, Reason

PHOTO_ID = "[A-Za-z0-9_-]{1,64}"


def check_photo_id(photo_id: str) -> None:
    """Raises PhotoFailure bad_id unless the id is 1 to 64 of `A-Z a-z 0-9 _ -`."""
    if not re.fullmatch(PHOTO_ID, photo_id):
        raise PhotoFailure(Reason.BAD_ID, f"{photo_id!r} is not 1 to 64 of A-Z a-z 0-9 _ -")
