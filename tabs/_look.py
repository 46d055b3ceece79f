"""How the page looks: theme, style sheet, head. No outside font, no outside file."""

from __future__ import annotations

import json

import gradio as gr

from pipelines import settings
from pipelines.words import Text

FONTS = [
    "Pretendard",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "system-ui",
    "sans-serif",
]

NO_SERVER = Text(en="no server set", ko="서버가 설정되지 않음")
SERVER = Text(en="server set", ko="서버가 설정됨")
ENGINE_STATUS: dict[str, Text] = {
    "loaded": Text(en="loaded", ko="불러옴"),
    "ready": Text(en="on this machine", ko="이 컴퓨터에 있음"),
    "not_downloaded": Text(en="not downloaded yet", ko="아직 내려받지 않음"),
    "missing_package": Text(en="a package is missing", ko="필요한 패키지 없음"),
    "too_big": Text(en="needs more memory than there is", ko="메모리가 부족함"),
}


def engine_state(kind: str, status: str) -> Text:
    """Where an engine stands, in words. Of a remote one nothing is on this machine but its server's address."""
    if kind == "remote" and status in ("not_downloaded", "ready", "loaded"):
        return NO_SERVER if status == "not_downloaded" else SERVER
    return ENGINE_STATUS[status]


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
button[role="tab"].selected { color: var(--primary-700); }
.dark button[role="tab"].selected { color: var(--primary-300); }
.modu-report { line-height: 1.6; }
.modu-big { font-size: 3.2rem; font-weight: 700; line-height: 1.1; }
.modu-answer { padding: 8px 4px; }
.modu-answer p { margin: 2px 0 0; color: var(--body-text-color-subdued); }
.modu-pixels img { image-rendering: pixelated; width: 100%; height: 100%; object-fit: contain; }
/* Cleared by its own bin, the editor loses paper and brush; our Clear button gives a fresh sheet instead. */
#digits-drawing button[aria-label="Clear canvas"], #digits-drawing button[aria-label="Color"] { display: none; }
.modu-plan { display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px; margin: 4px; font-size: .85rem; }
.modu-plan dt { color: var(--body-text-color-subdued); }
.modu-plan dd { margin: 0; overflow-wrap: anywhere; }
.modu-plan + p, .modu-plan ~ p, .modu-progress p { margin: 2px 4px; font-size: .85rem; }
.modu-progress progress { width: 100%; height: 8px; accent-color: var(--primary-600); }
.modu-table { width: 100%; border: 0 !important; border-collapse: collapse; font-size: .85rem; }
.modu-table th, .modu-table td { text-align: left; padding: 4px 8px; overflow-wrap: anywhere; vertical-align: top;
  border: 0 !important; border-bottom: 1px solid var(--border-color-primary) !important; }
.modu-table thead, .modu-table tbody, .modu-table tr { border: 0 !important; }
.modu-table th { overflow-wrap: normal; }
.modu-fold { border-bottom: 1px solid var(--border-color-primary); }
.modu-fold > summary { cursor: pointer; padding: 8px 4px; }
.modu-table code { font-size: .8rem; color: var(--body-text-color-subdued); background: none; }
.modu-state-loaded, .modu-state-ready { font-weight: 600; }
.modu-finding { margin: 4px; font-size: .9rem; }
#modu-no-answer { position: fixed; inset: auto 12px 12px; z-index: 1000; margin: 0 auto; max-width: 520px;
  padding: 12px 16px; border-radius: 8px; background: #b91c1c; color: white; box-shadow: 0 4px 16px rgba(0, 0, 0, .3); }
#modu-no-answer[hidden] { display: none; }
#modu-models { margin-top: 16px; }
.modu-quiet { color: var(--body-text-color-subdued); }
/* Gradio hides it in a narrow window; the chat model and our pages send people to it. */
footer .show-api { display: flex !important; }
@media (max-width: 640px) {
  .modu-table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .modu-table tr { display: block; padding: 6px 4px; border-bottom: 1px solid var(--border-color-primary) !important; }
  .modu-table td { display: inline; border: 0 !important; padding: 0; }
  .modu-table td:first-child { display: block; }
  .modu-table td + td + td::before { content: " · " attr(data-name) " "; color: var(--body-text-color-subdued); }
  .modu-fold > summary { padding: 12px 4px; }
  .gradio-container { padding: 8px !important; }
  #modu-title h1 { font-size: 1.25rem; }
}
"""

# Where a file cannot be brought to the server Gradio writes to the console only, and its hourglass runs on for ever.
_NO_ANSWER = Text(
    en="The server does not answer. What you entered is still here: try again in a moment.",
    ko="서버가 응답하지 않습니다. 입력하신 내용은 그대로 있습니다. 잠시 뒤에 다시 해 보세요.",
)
_TELL_NO_ANSWER = """<script>
addEventListener('unhandledrejection', (event) => {
  const reason = event.reason && event.reason.message ? event.reason.message : event.reason;
  if (!/connection errored out|failed to fetch|networkerror/i.test(String(reason))) return;
  const words = %s, korean = (%s || navigator.language).startsWith('ko');
  let box = document.getElementById('modu-no-answer');
  if (!box) {
    box = document.createElement('div');
    box.id = 'modu-no-answer';
    box.setAttribute('role', 'alert');
    document.body.append(box);
  }
  box.textContent = words[korean ? 'ko' : 'en'];
  box.hidden = false;
  clearTimeout(box.timer);
  box.timer = setTimeout(() => { box.hidden = true; }, 15000);
});
</script>"""


def head() -> str:
    """What stands in the page's head."""
    words = json.dumps({"en": _NO_ANSWER.en, "ko": _NO_ANSWER.ko}, ensure_ascii=False)
    script = _TELL_NO_ANSWER % (words, json.dumps(settings.language() or ""))
    return f'<meta name="description" content="Modu: eight AI demos in one page, offline first">{script}'
