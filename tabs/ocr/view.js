// The page's picture with a box for each line, and the lines beside it, to be corrected. A line and its box light up
// together, whichever of them is pointed at or reached with the keyboard. `props.value`:
//   id       another one means another page: everything is drawn afresh
//   page     {document, page, picture, width, height, lines: [{text, words: [[word, sure]], sure, doubtful, box}]},
//            or null; `sure` of a word is "" where there is no doubt
//   words    what to write on buttons and badges
// To the server: `input` with the texts of all lines, `select` with the number of the line that was touched.
// Everything that was read is set as text, never as markup.
const SVG = 'http://www.w3.org/2000/svg', WAIT_MS = 300;
let drawn = null, boxes = [], items = [], frame = null, list = null, lit = -1, timer = null, unsent = null;

const words = () => (props.value && props.value.words) || {};
const page = () => (props.value && props.value.page) || null;
const root = () => (window.gradio_config && window.gradio_config.root) || '';

function make(tag, attributes = {}, text = null) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== null) node.textContent = text;
  return node;
}

function button(text, name, press) {
  const node = make('button', { type: 'button', class: name }, text);
  node.addEventListener('click', () => press(node));
  return node;
}

const field = (at) => items[at].querySelector('[contenteditable]');
const calm = () => (matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth');

function light(at, from) {
  if (lit !== at) {
    [boxes[lit], items[lit]].forEach((node) => node && node.classList.remove('lit'));
    [boxes[at], items[at]].forEach((node) => node && node.classList.add('lit'));
    lit = at;
  }
  if (at < 0) return;
  if (from !== 'list') within(list, items[at]);
  if (from !== 'box') within(frame, boxes[at]);
}

// Scrolls the box, never the window.
function within(box, node) {
  const seen = box.getBoundingClientRect(), shape = node.getBoundingClientRect();
  const places = {};
  if (shape.top < seen.top || shape.bottom > seen.bottom) {
    places.top = Math.max(0, box.scrollTop + shape.top - seen.top - box.clientHeight / 3);
  }
  if (shape.left < seen.left || (shape.right > seen.right && shape.left > seen.left + seen.width / 4)) {
    places.left = Math.max(0, box.scrollLeft + shape.left - seen.left - box.clientWidth / 10);
  }
  if ('top' in places || 'left' in places) box.scrollTo({ ...places, behavior: calm() });
}

function touch(at) {
  boxes.forEach((box, other) => box.setAttribute('tabindex', other === at ? '0' : '-1'));
  trigger('select', { line: at });
}

function send() {
  clearTimeout(timer);
  if (unsent) trigger('input', unsent);
  unsent = null;
}

function changed() {
  const { document: which, page: number } = page();
  unsent = { document: which, page: number, texts: items.map((_, at) => field(at).innerText) };
  clearTimeout(timer);
  timer = setTimeout(send, WAIT_MS);
}

function boxOf(line, at) {
  const box = document.createElementNS(SVG, 'polygon');
  box.setAttribute('points', line.box.map((corner) => corner.join(',')).join(' '));
  box.setAttribute('tabindex', at === 0 ? '0' : '-1');
  box.setAttribute('role', 'button');
  box.setAttribute('aria-label', line.doubtful ? `${line.text} (${line.sure})` : line.text);
  if (line.doubtful) box.classList.add('doubtful');
  box.addEventListener('pointerenter', () => light(at, 'box'));
  box.addEventListener('focus', () => light(at, 'box'));
  box.addEventListener('click', () => { touch(at); light(at, 'box'); field(at).focus({ preventScroll: true }); });
  box.addEventListener('keydown', (event) => move(event, at));
  return box;
}

function move(event, at) {
  const steps = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: boxes.length - 1 };
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    field(at).focus();
  } else if (event.key in steps) {
    event.preventDefault();
    const next = Math.min(boxes.length - 1, Math.max(0, steps[event.key]));
    touch(next);
    boxes[next].focus({ preventScroll: true });
    light(next, 'keyboard');
  }
}

// The text of a line, its doubtful words marked.
function written(line) {
  if (!line.words.some(([, sure]) => sure)) return [line.text];
  return line.words.flatMap(([word, sure], at) => [
    at ? ' ' : '', sure ? make('mark', { title: `${words().doubtful} ${sure}`, 'data-was': word }, word) : word,
  ]);
}

// A word that the visitor has changed is not in doubt any more.
function settle(text) {
  for (const mark of text.querySelectorAll('mark')) {
    if (mark.textContent !== mark.dataset.was) mark.classList.add('settled');
  }
}

function itemOf(line, at) {
  const item = make('li', line.doubtful ? { class: 'doubtful' } : {});
  const text = make('span', {
    contenteditable: 'plaintext-only', role: 'textbox', spellcheck: 'false',
    'aria-label': `${words().line} ${at + 1}${line.doubtful ? `, ${words().doubtful} ${line.sure}` : ''}`,
  });
  text.append(...written(line));
  item.append(make('small', { 'aria-hidden': 'true' }, String(at + 1)), text);
  if (line.doubtful) item.append(make('span', { class: 'doubt', title: `${words().doubtful} ${line.sure}` }, `? ${line.sure}`));
  item.addEventListener('pointerenter', () => light(at, 'list'));
  text.addEventListener('focus', () => { light(at, 'list'); touch(at); });
  text.addEventListener('input', () => { settle(text); changed(); });
  text.addEventListener('blur', send);
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing && !line.text.includes('\n')) {
      event.preventDefault();
      if (at + 1 < items.length) field(at + 1).focus(); else text.blur();
    }
  });
  return item;
}

function pictureSide(value) {
  const side = make('div', { class: 'picture' });
  const bar = make('div', { class: 'bar' });
  const grow = button(words().larger, 'larger', (node) => {
    node.textContent = frame.classList.toggle('large') ? words().smaller : words().larger;
  });
  bar.append(make('span', {}, words().hint), grow);
  frame = make('div', { class: 'frame' });
  const sheet = make('div', { class: 'sheet' });
  const shape = document.createElementNS(SVG, 'svg');
  shape.setAttribute('viewBox', `0 0 ${value.width} ${value.height}`);
  shape.setAttribute('preserveAspectRatio', 'none');
  shape.setAttribute('role', 'group');
  shape.setAttribute('aria-label', words().boxes);
  boxes = value.lines.map(boxOf);
  shape.append(...boxes);
  const source = `${root()}/gradio_api/file=${value.picture.split('/').map(encodeURIComponent).join('/')}`;
  sheet.append(make('img', { src: source, alt: words().picture, width: value.width, height: value.height }), shape);
  frame.append(sheet);
  side.append(bar, frame);
  return side;
}

function listSide(value) {
  const side = make('div', { class: 'lines' });
  const doubts = value.lines.map((line, at) => (line.doubtful ? at : -1)).filter((at) => at >= 0);
  const bar = make('div', { class: 'bar' });
  bar.append(make('span', {}, words().edit));
  if (doubts.length) {
    bar.append(button(`${words().check} (${doubts.length})`, 'check', () => {
      const at = doubts.find((one) => one > lit) ?? doubts[0];
      field(at).focus({ preventScroll: true });
      light(at, 'keyboard');
    }));
  }
  list = make('ol', { 'aria-label': words().lines });
  items = value.lines.map(itemOf);
  list.append(...items);
  side.append(bar, list);
  return side;
}

function draw() {
  send();
  const value = page();
  const box = make('div', { class: value && value.lines.length ? 'ocr' : 'ocr bare' });
  [boxes, items, lit, frame, list] = [[], [], -1, null, null];
  if (value) {
    box.append(pictureSide(value));
    if (value.lines.length) box.append(listSide(value));
  } else {
    box.append(make('p', { class: 'nothing' }, words().nothing));
  }
  element.replaceChildren(box);
}

function follow() {
  const id = (props.value && props.value.id) || '';
  if (id !== drawn) { drawn = id; draw(); }
}

element.addEventListener('pointerleave', () => { if (!element.contains(document.activeElement)) light(-1, ''); });
watch('value', follow);
follow();
