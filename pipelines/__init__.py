"""The tasks, each a package with its engines. Nothing in here knows of Gradio, HTTP or a tab."""
