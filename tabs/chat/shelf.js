// The list of conversations. They live in this browser's local storage, one entry each, and nowhere else.
// `props.value` is the open conversation as the server and this list pass it to each other:
//   conversation  the open one; null asks the server for a new one
//   incoming      conversations of an imported file, to be kept
//   words         what to write on the buttons
// What a click asks for goes with its event: a reply that is being written may replace the value in between.
const PREFIX = 'modu-chat:', OPEN = 'modu-chat-open', DRAFT = 'modu-chat-draft', LARGEST_FILE = 1500000;
const SPLIT_AT = 1200000;
let timer = null, full = false, renaming = null, sure = null, drawn = '';
let left = null, wanted = null, again = null;  // whose reply was being written when another one was opened

const words = () => (props.value && props.value.words) || {};
const opened = () => (props.value && props.value.conversation) || null;

function make(tag, attributes = {}, text = null) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== null) node.textContent = text;
  return node;
}

function entry(id) {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + id));
    if (kept && Array.isArray(kept.messages)) return { ...kept, id, title: String(kept.title || '') };
  } catch (error) { console.warn('a conversation cannot be read', error); }
  return null;
}

function all() {
  const ids = [];
  try {
    for (let at = 0; at < localStorage.length; at += 1) {
      const key = localStorage.key(at);
      if (key.startsWith(PREFIX)) ids.push(key.slice(PREFIX.length));
    }
  } catch (error) { console.warn('this browser keeps nothing', error); }
  return ids.map(id => entry(id) || { id, broken: true, title: words().broken, updated: 0 })
    .sort((one, other) => (other.updated || 0) - (one.updated || 0));
}

function keep(conversation, updated = Date.now()) {
  if (!conversation || !conversation.id) return;
  try {
    sessionStorage.setItem(OPEN, conversation.id);
    if (!conversation.messages.length) { localStorage.removeItem(PREFIX + conversation.id); return; }
    const before = entry(conversation.id);
    const named = before && before.named ? { title: before.title, named: true } : {};
    const same = before && JSON.stringify(before.messages) === JSON.stringify(conversation.messages);
    const entry_now = { ...conversation, ...named, updated: same && before.updated ? before.updated : updated };
    localStorage.setItem(PREFIX + conversation.id, JSON.stringify(entry_now));
    full = false;
  } catch (error) { full = true; }
}

function flush() {
  clearTimeout(timer);
  if (timer === null) return;
  timer = null;
  keep(opened());
  draw();
}

function forget(id) {
  try { localStorage.removeItem(PREFIX + id); full = false; } catch (error) { console.warn(error); }
}

function open(conversation) {
  flush();
  try { sessionStorage.removeItem(OPEN); } catch (error) { console.warn(error); }
  left = opened() ? opened().id : null;
  if (conversation && conversation.id === left) left = null;
  wanted = conversation;
  if (conversation) keep(conversation, conversation.updated || Date.now());
  ask();
  if (narrow.matches) box.open = false;
}

// Another window went on with the conversation that is open here, or deleted it: so that neither overwrites the other.
function follow(kept) {
  const now = opened().messages, said = kept ? kept.messages : [];
  const writing = messages => messages.length && messages[messages.length - 1].state === 'writing';
  if (!writing(now) && !writing(said) && JSON.stringify(now) !== JSON.stringify(said)) open(kept);
}

function ask() {
  props.value = { words: words(), conversation: wanted };
  draw();
  trigger('select', { conversation: wanted });
}

function remove(id) {
  if (sure !== id) {
    sure = id;
    draw();
    setTimeout(() => { if (sure === id) { sure = null; draw(); } }, 4000);
    return;
  }
  sure = null;
  clearTimeout(timer);
  timer = null;
  forget(id);
  if (opened() && opened().id === id) open(null); else draw();
}

function rename(id, title) {
  renaming = null;
  const kept = entry(id);
  if (kept && title.trim()) {
    try {
      localStorage.setItem(PREFIX + id, JSON.stringify({ ...kept, title: title.trim().slice(0, 100), named: true }));
    } catch (error) { full = true; }
  }
  draw();
}

// Several files where one would be larger than what an import takes.
function save(conversations, name) {
  const batches = [[]];
  let size = 0;
  for (const one of conversations.filter(one => one && !one.broken)) {
    const bytes = new Blob([JSON.stringify(one)]).size;
    if (size + bytes > SPLIT_AT && size) { batches.push([]); size = 0; }
    batches[batches.length - 1].push(one);
    size += bytes;
  }
  batches.forEach((batch, at) => write(batch, batches.length > 1 ? `${name} ${at + 1}` : name));
}

function write(conversations, name) {
  const file = { kind: 'modu-chat', version: 1, exported: new Date().toISOString(), conversations };
  const link = make('a', {
    href: URL.createObjectURL(new Blob([JSON.stringify(file)], { type: 'application/json' })),
    download: `${name.replace(/[^\p{L}\p{N} ._-]/gu, '_').trim().slice(0, 60) || 'modu-chat'}.json`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function take(file) {
  if (!file) return;
  drawn = '';
  draw();  // without a word about the file before
  const text = file.size > LARGEST_FILE ? null : await file.text().catch(() => null);
  if (text === null) {
    say(file.size > LARGEST_FILE ? words().too_large : words().unreadable);
    return;
  }
  flush();
  trigger('upload', { file: text });
}

// --- what is seen ---------------------------------------------------------------------------------------------

const narrow = window.matchMedia('(max-width: 900px)');
const box = make('details', { class: 'shelf' });
const summary = make('summary'), fresh = make('button', { type: 'button', class: 'wide', id: 'chat-new' });
const list = make('ul'), note = make('p', { class: 'note', role: 'status' });
const foot = make('div', { class: 'foot' });
const bring = make('button', { type: 'button', id: 'chat-import' });
const send = make('button', { type: 'button', id: 'chat-export-all' });
const chooser = make('input', { type: 'file', accept: '.json,application/json', hidden: '', id: 'chat-import-file' });
foot.append(bring, send, chooser);
box.append(summary, fresh, list, note, foot);
element.append(box);
box.open = !narrow.matches;
narrow.addEventListener('change', () => { box.open = !narrow.matches; });

function say(text) {
  note.textContent = text || '';
  note.hidden = !text;
}

function tool(label, sign, act) {
  const button = make('button', { type: 'button', class: 'tool', title: label, 'aria-label': label }, sign);
  button.addEventListener('click', act);
  return button;
}

function row(one) {
  const item = make('li');
  const current = opened() && opened().id === one.id;
  if (current) item.className = 'current';
  if (renaming === one.id) {
    const field = make('input', { type: 'text', 'aria-label': words().rename, maxlength: '100' });
    field.value = one.title;
    field.addEventListener('keydown', event => {
      if (event.key === 'Enter' && !event.isComposing) rename(one.id, field.value);
      if (event.key === 'Escape') { renaming = null; draw(); }
    });
    field.addEventListener('blur', () => { if (renaming === one.id) rename(one.id, field.value); });
    item.append(field);
    setTimeout(() => { field.focus(); field.select(); });
    return item;
  }
  const name = make('button', { type: 'button', class: 'name', title: one.title }, one.title);
  if (current) name.setAttribute('aria-current', 'true');
  name.addEventListener('click', () => { if (!one.broken && !current) open(entry(one.id)); });
  item.append(name);
  if (sure === one.id) {
    const really = make('button', { type: 'button', class: 'really' }, words().sure);
    really.addEventListener('click', () => remove(one.id));
    item.append(really);
    return item;
  }
  if (!one.broken) {
    item.append(tool(words().rename, '✎', () => { renaming = one.id; draw(); }));
    item.append(tool(words().export, '⤓', () => { flush(); save([entry(one.id)], one.title); }));
  }
  item.append(tool(words().remove, '✕', () => remove(one.id)));
  return item;
}

function draw() {
  const conversations = all();
  const state = JSON.stringify([conversations.map(one => [one.id, one.title]), opened() && opened().id, renaming, sure,
    full, words()]);
  if (state === drawn) return;  // whoever types a new name, or has a button in focus, is not disturbed
  drawn = state;
  summary.textContent = `${words().title || ''} (${conversations.length})`;
  fresh.textContent = words().fresh || '';
  bring.textContent = words().import || '';
  send.textContent = words().export_all || '';
  send.disabled = !conversations.length;
  list.replaceChildren(...conversations.map(row));
  list.hidden = !conversations.length;
  say(full ? words().full : conversations.length ? '' : words().none);
}

fresh.addEventListener('click', () => open(null));
send.addEventListener('click', () => { flush(); save(all(), 'modu-chat'); });
bring.addEventListener('click', () => chooser.click());
chooser.addEventListener('change', () => { take(chooser.files[0]); chooser.value = ''; });
window.addEventListener('storage', event => {
  if (event.key && !event.key.startsWith(PREFIX)) return;
  draw();
  if (opened() && event.key === PREFIX + opened().id) follow(entry(opened().id));
});
window.addEventListener('pagehide', () => {
  flush();
  const typed = document.querySelector('#chat-message textarea');  // Gradio loads the page anew when its server was away
  try { sessionStorage.setItem(DRAFT, typed ? typed.value : ''); } catch (error) { console.warn(error); }
});

watch('value', () => {
  const incoming = (props.value && props.value.incoming) || [];
  if (incoming.length) {
    const now = Date.now();
    incoming.forEach((one, at) => keep(one, now - at));
    if (opened()) { try { sessionStorage.setItem(OPEN, opened().id); } catch (error) { console.warn(error); } }
    props.value = { words: words(), conversation: opened() };
    draw();
    return;
  }
  if (left && opened() && opened().id === left) {
    // The last words of a reply that was left came after the answer to our question: ask once more.
    keep(opened());
    clearTimeout(again);
    again = setTimeout(ask, 300);
    return;
  }
  // While a reply streams this runs ten times a second: write once a second.
  if (timer === null) timer = setTimeout(flush, opened() && opened().messages.length > 1 ? 700 : 50);
});
draw();
