// What is copied of a conversation is what was said: without the invisible marks (safe_markdown.GAP) that keep a text
// harmless on the page, and that a program or a terminal would stumble over, and without our note (view.NOTE) below it.
const GAP = /\u200b/g;
const NOTE = /\s*\*\u200b\u200b— [^\n]*\*$/;
const said = text => String(text).replace(NOTE, '').replace(GAP, '');
let ours = false;  // the last click was in the conversation

document.addEventListener('click', event => {
  ours = Boolean(event.target.closest && event.target.closest('#chat-talk'));
}, true);

const board = navigator.clipboard;  // none where the page came over http from another machine
if (board) {
  const write = board.writeText.bind(board);
  board.writeText = text => write(ours ? said(text) : text);
}

// Marked words, and Gradio's own way to copy where there is no clipboard: a text box that it marks for a moment.
document.addEventListener('copy', event => {
  const box = event.target instanceof HTMLTextAreaElement ? event.target : null;
  const talk = document.querySelector('#chat-talk');
  const chosen = document.getSelection();
  const inside = box ? ours : talk && chosen.rangeCount && chosen.getRangeAt(0).intersectsNode(talk);
  const text = box ? box.value.slice(box.selectionStart, box.selectionEnd) : String(chosen);
  if (!inside || text.search(GAP) < 0) return;
  event.clipboardData.setData('text/plain', said(text));
  event.preventDefault();
});
