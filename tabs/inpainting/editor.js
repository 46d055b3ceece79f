// A picture with a mask drawn on it: brush, eraser, boxes; zoom, undo. `props.value`:
//   id       another one means that the server changed something: the picture, or the mask on it
//   picture  {source, width, height, drawn: [width, height of the mask as it is kept here]}, or null
//   mask     a PNG as a data URL, opaque where the picture is to be repainted; "" for nothing. Kept up to date here
//   words    what to write on buttons
// The last mask that was drawn stays in this browser's session, for the next picture.
const COLOUR = '#ff2d78', LAST = 'modu-last-mask', STEPS = 40, FURTHEST = 8, STEP = 1.5;
const ICONS = {
  brush: 'M4 20c3 0 4-1 4-3a2 2 0 0 1 4 0c0 3-3 4-8 3zM11 14 19 4c1-1 3 0 2 2l-8 10',
  eraser: 'M8 20h12M5 15 14 6l5 5-8 9H8l-3-3a1.5 1.5 0 0 1 0-2zM10 10l5 5',
  box: 'M4 6h16v12H4z',
  hand: 'M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3',
  undo: 'M9 7H4V2M4 7c3-4 9-5 13-1s4 10-1 14',
  redo: 'M15 7h5V2M20 7c-3-4-9-5-13-1s-4 10 1 14',
  clear: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
  invert: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  closer: 'M11 4a7 7 0 1 0 .1 0M16 16l5 5M11 8v6M8 11h6',
  farther: 'M11 4a7 7 0 1 0 .1 0M16 16l5 5M8 11h6',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  last: 'M12 7v5l3 3M4 12a8 8 0 1 0 3-6L4 8M4 3v5h5',
  save: 'M12 4v11M7 11l5 5 5-5M4 20h16',
};
const SVG = 'http://www.w3.org/2000/svg';
let seen = null, shownSource = null, tool = 'brush', size = 36, zoom = 1;
let frame = null, sheet = null, marks = null, ink = null, ring = null, rubber = null, buttons = {}, slider = null;
let history = [''], at = 0, stroke = null, pinch = null, spaceHeld = false, drawing = 0;
const fingers = new Map();

const words = () => (props.value && props.value.words) || {};
const picture = () => (props.value && props.value.picture) || null;
const root = () => (window.gradio_config && window.gradio_config.root) || '';

function make(tag, attributes = {}, text = null) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== null) node.textContent = text;
  return node;
}

// --- the mask: on the canvas, in the history, in the value that the server gets -------------------------------------

function isEmpty() {
  return !new Uint32Array(ink.getImageData(0, 0, marks.width, marks.height).data.buffer).some((one) => one > 0xffffff);
}

function keep(mask) {
  props.value = { ...props.value, mask };
  if (mask) {
    try { sessionStorage.setItem(LAST, mask); } catch (error) { console.warn('the last mask is not kept', error); }
  }
  tellButtons();
}

function commit() {
  const mask = isEmpty() ? '' : marks.toDataURL('image/png');
  if (mask === history[at]) return;
  history = [...history.slice(Math.max(0, at + 2 - STEPS), at + 1), mask];
  at = history.length - 1;
  keep(mask);
}

// Shows a mask of any size in place of what is drawn.
async function show(mask) {
  const turn = ++drawing;
  let image = null;
  if (mask) {
    image = new Image();
    image.src = mask;
    try { await image.decode(); } catch (error) { console.warn('a mask cannot be shown', error); image = null; }
  }
  if (turn !== drawing) return false;
  ink.globalCompositeOperation = 'source-over';
  ink.clearRect(0, 0, marks.width, marks.height);
  if (image) {
    ink.imageSmoothingEnabled = false;
    ink.drawImage(image, 0, 0, marks.width, marks.height);
    paintOver(ink, COLOUR, 'source-in');
  }
  return true;
}

function paintOver(context, colour, how) {
  context.globalCompositeOperation = how;
  context.fillStyle = colour;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  context.globalCompositeOperation = 'source-over';
}

async function step(by) {
  const next = at + by;
  if (next < 0 || next >= history.length || stroke) return;
  at = next;
  if (await show(history[at])) keep(history[at]);
}

function clear() {
  ink.clearRect(0, 0, marks.width, marks.height);
  commit();
}

function invert() {
  paintOver(ink, COLOUR, 'source-out');
  commit();
}

async function takeLast() {
  const last = lastMask();
  if (last && await show(last)) commit();
}

function lastMask() {
  try { return sessionStorage.getItem(LAST); } catch (error) { console.warn('this browser keeps nothing', error); }
  return null;
}

function save() {
  const sheetOfPaper = make('canvas');
  [sheetOfPaper.width, sheetOfPaper.height] = [marks.width, marks.height];
  const context = sheetOfPaper.getContext('2d');
  context.drawImage(marks, 0, 0);
  paintOver(context, '#fff', 'source-in');
  paintOver(context, '#000', 'destination-over');
  sheetOfPaper.toBlob((blob) => {
    const link = make('a', { href: URL.createObjectURL(blob), download: 'mask.png' });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, 'image/png');
}

// --- drawing --------------------------------------------------------------------------------------------------------

function spot(event) {
  const shape = marks.getBoundingClientRect();
  const scale = marks.width / shape.width;
  return { x: (event.clientX - shape.left) * scale, y: (event.clientY - shape.top) * scale, scale };
}

function line(from, to) {
  ink.globalCompositeOperation = stroke.tool === 'eraser' ? 'destination-out' : 'source-over';
  ink.strokeStyle = COLOUR;
  ink.lineCap = ink.lineJoin = 'round';
  ink.lineWidth = Math.max(1, size * to.scale);
  ink.beginPath();
  ink.moveTo(from.x, from.y);
  ink.lineTo(to.x + 0.01, to.y);  // a dot where nothing moved
  ink.stroke();
  ink.globalCompositeOperation = 'source-over';
}

function stretch(from, to) {
  const box = (a, b, whole) => [`${100 * Math.min(a, b) / whole}%`, `${100 * Math.abs(a - b) / whole}%`];
  [rubber.style.left, rubber.style.width] = box(from.x, to.x, marks.width);
  [rubber.style.top, rubber.style.height] = box(from.y, to.y, marks.height);
  rubber.hidden = false;
}

function press(event) {
  fingers.set(event.pointerId, event);
  marks.setPointerCapture(event.pointerId);
  if (fingers.size === 2) { startPinch(); return; }
  if (fingers.size > 2) return;
  event.preventDefault();
  frame.focus({ preventScroll: true });
  const dragging = tool === 'hand' || spaceHeld || event.button === 1;
  if (!dragging && event.button !== 0) return;
  const place = spot(event);
  stroke = { tool: dragging ? 'hand' : tool, from: place, at: place, x: event.clientX, y: event.clientY };
  if (stroke.tool === 'brush' || stroke.tool === 'eraser') line(place, place);
}

function move(event) {
  follow(event);
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event);
  if (pinch) { pinching(); return; }
  if (!stroke) return;
  if (stroke.tool === 'hand') {
    frame.scrollBy(stroke.x - event.clientX, stroke.y - event.clientY);
    [stroke.x, stroke.y] = [event.clientX, event.clientY];
    return;
  }
  const passed = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  for (const one of passed.length ? passed : [event]) {
    const place = spot(one);
    if (stroke.tool === 'box') stretch(stroke.from, place); else line(stroke.at, place);
    stroke.at = place;
  }
}

function release(event) {
  fingers.delete(event.pointerId);
  if (pinch) { if (!fingers.size) pinch = null; return; }
  if (!stroke) return;
  const done = stroke;
  stroke = null;
  rubber.hidden = true;
  if (done.tool === 'hand') return;
  if (done.tool === 'box') {
    ink.fillStyle = COLOUR;
    ink.fillRect(Math.min(done.from.x, done.at.x), Math.min(done.from.y, done.at.y),
      Math.abs(done.from.x - done.at.x), Math.abs(done.from.y - done.at.y));
  }
  commit();
}

// A second finger: what the first one drew was no stroke.
function startPinch() {
  if (stroke && stroke.tool !== 'hand') show(history[at]);
  stroke = null;
  rubber.hidden = true;
  pinch = { ...between(), zoom };
}

function between() {
  const [one, other] = [...fingers.values()];
  return {
    apart: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1,
    x: (one.clientX + other.clientX) / 2, y: (one.clientY + other.clientY) / 2,
  };
}

function pinching() {
  if (fingers.size < 2) return;
  const now = between();
  zoomTo(pinch.zoom * now.apart / pinch.apart, now.x, now.y);
  frame.scrollBy(pinch.x - now.x, pinch.y - now.y);
  [pinch.x, pinch.y] = [now.x, now.y];
}

function follow(event) {
  const drawn = (tool === 'brush' || tool === 'eraser') && event.pointerType !== 'touch';
  ring.hidden = !drawn || event.type === 'pointerleave';
  if (ring.hidden) return;
  const shape = sheet.getBoundingClientRect();
  ring.style.width = ring.style.height = `${size}px`;
  ring.style.transform = `translate(${event.clientX - shape.left - size / 2}px, ${event.clientY - shape.top - size / 2}px)`;
}

// --- zoom -----------------------------------------------------------------------------------------------------------

function fitted() {
  const { width, height } = picture();
  const high = Math.min(560, Math.max(240, innerHeight * 0.6));
  return Math.min(frame.clientWidth, high * width / height);
}

function layOut() {
  if (!frame || !picture() || !frame.clientWidth) return;
  const high = fitted() * picture().height / picture().width;
  frame.style.height = `${Math.ceil(high) + 2}px`;
  sheet.style.width = `${fitted() * zoom}px`;
}

// Keeps the point of the picture that lies at (x, y) of the window there; in the middle where none is given.
function zoomTo(wanted, x = null, y = null) {
  const seenNow = frame.getBoundingClientRect(), before = sheet.getBoundingClientRect();
  const px = x ?? seenNow.left + frame.clientWidth / 2, py = y ?? seenNow.top + frame.clientHeight / 2;
  const [u, v] = [(px - before.left) / before.width, (py - before.top) / before.height];
  zoom = Math.min(FURTHEST, Math.max(1, wanted));
  layOut();
  const after = sheet.getBoundingClientRect();
  frame.scrollBy(after.left + u * after.width - px, after.top + v * after.height - py);
  tellButtons();
}

// --- buttons and keys -----------------------------------------------------------------------------------------------

const ACTIONS = {
  undo: () => step(-1), redo: () => step(1), clear, invert, last: takeLast, save,
  closer: () => zoomTo(zoom * STEP), farther: () => zoomTo(zoom / STEP), fit: () => zoomTo(1),
};
const TOOLS = ['brush', 'eraser', 'box', 'hand'];

function choose(name) {
  tool = name;
  frame.dataset.tool = name;
  tellButtons();
}

function tellButtons() {
  for (const name of TOOLS) buttons[name].setAttribute('aria-pressed', String(tool === name));
  const off = {
    undo: at === 0, redo: at === history.length - 1, clear: !history[at], save: !history[at],
    last: !lastMask() || lastMask() === history[at], farther: zoom <= 1, fit: zoom <= 1, closer: zoom >= FURTHEST,
  };
  for (const [name, value] of Object.entries(off)) buttons[name].disabled = value;
}

function button(name) {
  const node = make('button', { type: 'button', 'aria-label': words()[name], title: words()[name], 'data-act': name });
  const icon = document.createElementNS(SVG, 'svg'), path = document.createElementNS(SVG, 'path');
  icon.setAttribute('viewBox', '0 0 24 24');
  icon.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', ICONS[name]);
  icon.append(path);
  node.append(icon);
  node.addEventListener('click', () => (TOOLS.includes(name) ? choose(name) : ACTIONS[name]()));
  buttons[name] = node;
  return node;
}

function group(...nodes) {
  const node = make('div', { class: 'group' });
  node.append(...nodes);
  return node;
}

function resized(by) {
  size = Math.min(160, Math.max(4, size + by));
  slider.value = size;
}

function key(event) {
  if (event.target.tagName === 'INPUT') return;
  const held = event.ctrlKey || event.metaKey, letter = event.key.toLowerCase();
  const act = held
    ? { z: () => step(event.shiftKey ? 1 : -1), y: () => step(1) }[letter]
    : {
      b: () => choose('brush'), e: () => choose('eraser'), r: () => choose('box'), h: () => choose('hand'),
      '[': () => resized(-6), ']': () => resized(6), '+': ACTIONS.closer, '=': ACTIONS.closer, '-': ACTIONS.farther,
      0: ACTIONS.fit, ' ': event.target === frame ? () => { spaceHeld = true; } : null,
    }[letter];
  if (!act) return;
  event.preventDefault();
  act();
}

// --- the whole ------------------------------------------------------------------------------------------------------

function toolbar() {
  const bar = make('div', { class: 'tools', role: 'toolbar', 'aria-label': words().tools });
  slider = make('input', { type: 'range', min: 4, max: 160, step: 1, value: size, 'aria-label': words().size });
  slider.addEventListener('input', () => { size = Number(slider.value); });
  const label = make('div', { class: 'size', title: words().size });
  label.append(slider);
  bar.append(
    group(...TOOLS.map(button)), label, group(button('undo'), button('redo'), button('clear'), button('invert')),
    group(button('farther'), button('closer'), button('fit')), group(button('last'), button('save')),
  );
  return bar;
}

function draw() {
  const value = picture();
  element.replaceChildren();
  [frame, stroke, pinch, zoom, buttons] = [null, null, null, 1, {}];
  fingers.clear();
  if (!value) return;
  const editor = make('div', { class: 'editor' });
  frame = make('div', { class: 'frame', tabindex: '0', role: 'group', 'aria-label': words().canvas, 'data-tool': tool });
  sheet = make('div', { class: 'sheet' });
  sheet.style.aspectRatio = `${value.width} / ${value.height}`;
  marks = make('canvas', { width: value.drawn[0], height: value.drawn[1] });
  ink = marks.getContext('2d', { willReadFrequently: true });
  ring = make('div', { class: 'ring', hidden: '' });
  rubber = make('div', { class: 'rubber', hidden: '' });
  const source = `${root()}/gradio_api/file=${value.source.split('/').map(encodeURIComponent).join('/')}`;
  sheet.append(make('img', { src: source, alt: words().picture, draggable: 'false' }), marks, rubber, ring);
  frame.append(sheet);
  editor.append(toolbar(), frame, make('p', { class: 'hint' }, words().hint));
  element.append(editor);
  for (const [name, act] of [
    ['pointerdown', press], ['pointermove', move], ['pointerup', release], ['pointercancel', release],
    ['pointerleave', follow],
  ]) marks.addEventListener(name, act);
  frame.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomTo(zoom * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
  }, { passive: false });
  editor.addEventListener('keydown', key);
  editor.addEventListener('keyup', (event) => { if (event.key === ' ') spaceHeld = false; });
  new ResizeObserver(layOut).observe(frame.parentElement);
  layOut();
  tellButtons();
}

// The server changed something. A mask on the same picture is one more step that can be undone.
async function changed() {
  const value = props.value || {};
  if (value.id === seen) return;
  seen = value.id;
  const source = picture() ? picture().source : null;
  if (source !== shownSource || !frame) {
    shownSource = source;
    [history, at] = [[''], 0];
    draw();
  }
  if (!frame || (value.mask || '') === history[at]) return;
  if (await show(value.mask || '')) commit();
}

watch('value', changed);
changed();
