"""The style sheet of the chat tab."""

from __future__ import annotations

CSS = """
#chat-room { gap: 14px; align-items: flex-start; flex-wrap: nowrap; }
#chat-side { flex: 0 0 232px !important; min-width: 0 !important; }
#chat-main { flex: 1 1 0 !important; min-width: 0 !important; gap: 10px; }
#chat-shelf, #chat-notice, #chat-facts,
:is(#chat-shelf, #chat-notice, #chat-facts) .html-container { padding: 0 !important; }
#chat-head { align-items: center; gap: 12px; padding: 8px 8px 8px 14px; border-radius: var(--radius-md);
  border: 1px solid var(--border-color-accent); background: var(--color-accent-soft); }
#chat-head:not(:has(.chat-notice)) { display: none; }
#chat-head button { flex: 0 0 auto; }
.chat-notice { line-height: 1.55; font-size: .9rem; }
#chat-entry { gap: 8px; align-items: flex-end; flex-wrap: nowrap; }
#chat-entry button { align-self: flex-end; min-height: 44px; flex-grow: 0; }
#chat-message textarea { min-height: 44px; padding: 10px 12px; }
#chat-message textarea::placeholder { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
#chat-more { align-items: center; gap: 8px; flex-wrap: nowrap; }
#chat-more > :first-child { flex: 1 1 0; min-width: 0; padding: 0 4px !important; }
#chat-more .html-container { padding: 0 !important; }
#chat-more button { flex: 0 0 auto; }
#chat-talk .examples { max-width: 560px; margin-inline: auto; }
#chat-talk .message-wrap { overflow-wrap: anywhere; }
#chat-talk .message, #chat-talk .message .prose { font-size: .97rem; }
#chat-talk .message textarea { width: min(520px, 58vw); }
#chat-talk pre { overflow-x: auto; max-width: 100%; }
#chat-talk pre code { font-size: .85rem; }
#chat-talk table { display: block; max-width: 100%; overflow-x: auto; border: 0 !important; padding: 0; }
.chat-facts { font-size: .85rem; color: var(--body-text-color-subdued); padding: 0 4px; }
.chat-facts p { margin: 2px 0; }
#chat-voice-stop { flex: 0 0 auto; align-self: center; min-height: 40px; }
#chat-player { flex: 1 1 0; min-width: 0 !important; }
#chat-facts:has(.progress-text) { min-height: 28px; }
#chat-facts:has(.progress-level) { min-height: 60px; }
.chat-meter { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; }
.chat-bar { width: 120px; height: 6px; border-radius: 3px; background: var(--border-color-primary); overflow: hidden; }
.chat-bar i { display: block; height: 100%; background: var(--primary-500); }
@media (max-width: 900px) {
  #chat-room { flex-direction: column; align-items: stretch; }
  #chat-side { flex: 0 0 auto !important; width: 100%; }
  #chat-main { flex: 1 1 auto !important; }
}
@media (max-width: 640px) {
  #chat-head { flex-wrap: wrap; }
  #chat-head button { flex: 1 1 100%; }
  #chat-more { flex-wrap: wrap; }
  #chat-more > :first-child { flex: 1 1 100%; }
  #chat-more button { flex: 1 1 100%; min-height: 40px; }
  #chat-talk .examples { grid-template-columns: minmax(0, 1fr); width: 100%; padding: 12px; gap: 8px; }
}
"""
