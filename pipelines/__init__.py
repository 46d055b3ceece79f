"""The eight tasks. Nothing in here knows of Gradio, HTTP or a tab."""

# The order that people read: the tabs, `/engines` and the models page follow it.
TASKS: tuple[str, ...] = ("digits", "face_mosaic")
