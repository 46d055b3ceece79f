"""How the page looks: theme, style sheet, head. No outside font, no outside file."""

from __future__ import annotations

import gradio as gr

FONTS = [
    "Pretendard",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "system-ui",
    "sans-serif",
]


def theme() -> gr.themes.Base:
    """One calm theme for all tabs: neutral surfaces, one accent."""
    return gr.themes.Default(
        primary_hue=gr.themes.colors.indigo,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=FONTS,
        font_mono=["ui-monospace", "D2Coding", "Consolas", "monospace"],
    ).set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
    )


CSS = """
.gradio-container { max-width: 1180px !important; width: 100% !important; margin: 0 auto !important; }
.gradio-container main { max-width: none !important; width: 100% !important; }
#modu-title { padding: 4px 2px 0; }
#modu-title h1 { font-size: 1.5rem; margin: 0; letter-spacing: -0.01em; }
#modu-title p { margin: 2px 0 0; color: var(--body-text-color-subdued); }
.modu-lead { color: var(--body-text-color-subdued); margin: 2px 2px 8px; }
.modu-engine-line { font-size: .85rem; color: var(--body-text-color-subdued); padding: 0 4px; }
.modu-report { line-height: 1.6; }
.modu-big { font-size: 3.2rem; font-weight: 700; line-height: 1.1; }
.modu-answer { padding: 8px 4px; }
.modu-answer p { margin: 2px 0 0; color: var(--body-text-color-subdued); }
.modu-pixels img { image-rendering: pixelated; width: 100%; height: 100%; object-fit: contain; }
/* Cleared by its own bin, the editor loses paper and brush; our Clear button gives a fresh sheet instead. */
#digits-drawing button[aria-label="Clear canvas"], #digits-drawing button[aria-label="Color"] { display: none; }
.modu-quiet { color: var(--body-text-color-subdued); }
@media (max-width: 640px) {
  .gradio-container { padding: 8px !important; }
  #modu-title h1 { font-size: 1.25rem; }
}
"""

HEAD = '<meta name="description" content="Modu: eight AI demos in one page, offline first">'
