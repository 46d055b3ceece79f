"""The list of conversations at the side, and the value that the page and the server pass to each other.

The browser keeps the conversations, one entry each in its local storage; the script beside this file does that.
Only the open conversation travels to the server, and nothing of it stays there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.words import Language, Text
from tabs.chat import conversation as talks
from tabs.chat.conversation import Conversation

_FOLDER = Path(__file__).parent

_WORDS: dict[str, Text] = {
    "title": Text(en="Conversations", ko="대화 목록"),
    "fresh": Text(en="+ New conversation", ko="+ 새 대화"),
    "rename": Text(en="Rename", ko="이름 바꾸기"),
    "export": Text(en="Export as JSON", ko="JSON으로 내보내기"),
    "remove": Text(en="Delete", ko="삭제"),
    "sure": Text(en="Delete?", ko="삭제할까요?"),
    "import": Text(en="Import", ko="가져오기"),
    "export_all": Text(en="Export all", ko="모두 내보내기"),
    "none": Text(
        en="Conversations stay in this browser and are not kept on the server.",
        ko="대화는 이 브라우저에만 저장되고 서버에는 남지 않습니다.",
    ),
    "full": Text(
        en="This browser could not save the conversation (its storage is full or switched off). You can go on "
        "talking; export or delete old conversations to save again.",
        ko="브라우저에 대화를 저장하지 못했습니다(저장 공간이 가득 찼거나 꺼져 있습니다). 대화는 계속할 수 있고, "
        "오래된 대화를 내보내거나 지우면 다시 저장됩니다.",
    ),
    "broken": Text(en="(damaged, cannot be read)", ko="(손상되어 읽을 수 없음)"),
    "too_large": Text(
        en="That file is larger than 1.5 MB. Files that were exported here are smaller.",
        ko="파일이 1.5 MB보다 큽니다. 여기서 내보낸 파일은 그보다 작습니다.",
    ),
    "unreadable": Text(en="That file could not be read.", ko="파일을 읽지 못했습니다."),
}

# Before the first event: the conversation that this browser tab had open when it was loaded again.
RESTORE = """(value) => {
  let conversation = null;
  try {
    const id = sessionStorage.getItem('modu-chat-open');
    const kept = id && localStorage.getItem('modu-chat:' + id);
    conversation = kept ? JSON.parse(kept) : null;
  } catch (error) { console.warn('the last conversation cannot be read', error); }
  return { conversation };
}"""

# And what stood in the message box then.
DRAFT = """(typed) => {
  try { return typed || sessionStorage.getItem('modu-chat-draft') || ''; }
  catch (error) { console.warn('what was typed cannot be read', error); return typed; }
}"""

# What the message box holds once the question in it was taken: what was typed in the meantime.
TAKEN = """(value, typed) => {
  const asked = value.conversation.messages.filter(one => one.role === 'user').at(-1);
  return asked && typed.startsWith(asked.content) ? typed.slice(asked.content.length) : typed;
}"""

# What it holds when a question comes back: that one, before what was typed in the meantime.
RETURNED = "(value, typed) => [value.returned, typed].filter(one => one && one.trim()).join('\\n')"


def build() -> gr.HTML:
    return gr.HTML(
        value("en", talks.fresh()),
        html_template="",
        css_template=(_FOLDER / "shelf.css").read_text(encoding="utf-8"),
        js_on_load=(_FOLDER / "shelf.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="chat-shelf",
        padding=False,
    )


def value(
    language: Language, conversation: Conversation, incoming: list[Conversation] | None = None, returned: str = ""
) -> dict[str, Any]:
    """What the list gets: the open conversation, imported ones to keep, a question that comes back, and its words."""
    words = {name: text.to(language) for name, text in _WORDS.items()}
    return {"words": words, "conversation": conversation, "incoming": incoming or [], "returned": returned}


def opened(shelf: object, interrupted: bool = False) -> Conversation:
    """The open conversation, checked; a new one where there is none."""
    kept = shelf.get("conversation") if isinstance(shelf, dict) else None
    return talks.fresh() if kept is None else talks.read(kept, interrupted)
