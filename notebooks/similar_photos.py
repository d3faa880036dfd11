"""Ask questions about the photos, and see the answers as pictures.

pip install --editable '.[notebook]'
marimo edit notebooks/similar_photos.py      # or `marimo run`, which shows no code
marimo edit notebooks/similar_photos.py -- --target myscale

chDB serves one process at a time, so close the notebook before `dbt build`.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Similar photos")


@app.cell(hide_code=True)
def _():
    from contextlib import ExitStack

    import marimo as mo

    from photo_search.ask.photos import read_photos, showcase_ids
    from photo_search.draw.kit.thumbnails import read_thumbnails
    from photo_search.warehouse import Project

    return ExitStack, Project, mo, read_photos, read_thumbnails, showcase_ids


@app.cell
def _(ExitStack, Project, mo):
    # The project stays open until you close the notebook.
    folder = mo.notebook_dir().parent
    data = mo.cli_args().get("data") or str(folder / "data")
    opened = ExitStack()
    warehouse = opened.enter_context(Project(folder, mo.cli_args().get("target")).open())
    return data, warehouse


@app.cell(hide_code=True)
def _(data, mo, read_photos, read_thumbnails, warehouse):
    def show(rows, caption):
        """The photos of these rows as pictures, each with the caption of its row."""
        photos = read_photos(warehouse, [row["photo_id"] for row in rows])
        thumbnails = read_thumbnails(data, photos.values())
        style = {"width": "auto", "max-width": "none"}
        cards = []
        for row in rows:
            photo = photos[row["photo_id"]]
            picture = thumbnails.get(photo.thumbnail_sha256, b"")
            image = mo.image(picture, alt=photo.description, height=140, style=style)
            text = mo.plain_text(caption.format(**row))
            cards.append(mo.vstack([image, text], align="start", gap=0))
        return mo.hstack(cards, justify="start", wrap=True)

    return (show,)


@app.cell(hide_code=True)
def _(mo, read_photos, showcase_ids, warehouse):
    showcase = read_photos(warehouse, showcase_ids(warehouse)).values()
    choices = {f"{photo.description} ({photo.photo_id})": photo.photo_id for photo in showcase}
    chosen = mo.ui.dropdown(choices, value=next(iter(choices)), label="Photo")
    top_k = mo.ui.slider(1, 50, value=10, label="Similar photos", show_value=True)
    title = mo.md("""
    # Similar photos

    Choose a photo. Every answer below is a question of this project, and changes with the photo.
    """)
    mo.vstack([title, chosen, top_k])
    return chosen, top_k


@app.cell
def _(chosen, mo, show, top_k, warehouse):
    similar_sql = warehouse.compile("photo_conversions", photo_id=chosen.value, top_k=top_k.value)
    similar = warehouse.rows(similar_sql)
    mo.vstack(
        [
            show([{"photo_id": chosen.value}], "the photo you chose"),
            mo.md("## Which photos are most similar, and how often was each downloaded?"),
            show(similar, "{similarity_rank}. {distance:.4f}\n{count_downloads:,} downloads"),
            mo.accordion({"The SQL": mo.plain_text(similar_sql)}),
        ]
    )
    return (similar,)


@app.cell
def _(chosen, mo, top_k, warehouse):
    keywords_sql = warehouse.compile("popular_keywords", photo_id=chosen.value, top_k=top_k.value)
    keywords = warehouse.rows(keywords_sql)
    question = mo.md("## What did people search for when they downloaded the most popular one?")
    mo.vstack([question, mo.ui.table(keywords, selection=None)])
    return (keywords,)


@app.cell(hide_code=True)
def _(keywords, mo):
    keyword = mo.ui.text(keywords[0]["keyword"] if keywords else "", label="Keyword")
    mo.vstack([mo.md("## Which photos are downloaded most for a keyword?"), keyword])
    return (keyword,)


@app.cell
def _(keyword, mo, show, warehouse):
    mo.stop(not keyword.value)
    found = warehouse.rows(warehouse.compile("photos_for_keyword", keyword=keyword.value, top_k=6))
    show(found, "{photo_rank}. {count_keyword_downloads:,} downloads")
    return (found,)


@app.cell
def _(mo, warehouse):
    # Your own SQL can read every model. `relation` gives the name of its table.
    countries = warehouse.rows(f"""
        select location_country, count() as count_photos, sum(count_downloads) as count_downloads
        from {warehouse.relation("photos")} as photos
        inner join {warehouse.relation("photo_downloads")} as downloads
            on photos.photo_id = downloads.photo_id
        where location_country is not null
        group by location_country
        order by count_downloads desc
        limit 10
    """)
    question_about_countries = mo.md("## From which countries are the most downloaded photos?")
    mo.vstack([question_about_countries, mo.ui.table(countries, selection=None)])
    return


if __name__ == "__main__":
    app.run()
