// The picture that is painted or looked at, a strip with one small picture per step, and the finished pictures.
// `props.value`:
//   run, state    which painting, and "waiting", "painting", "stopped" or "still"
//   stage         the file to show large, or null; caption says what it is
//   strip         files, one per step of the newest picture
//   pictures      [{path, seed}], which: the number of the one looked at, or -1
//   words         what to write
// A click on a step shows it large until the next value comes; a click on a picture sends `select` with its number.
const root = () => (window.gradio_config && window.gradio_config.root) || '';
const address = (path) => `${root()}/gradio_api/file=${path.split('/').map(encodeURIComponent).join('/')}`;
let stopped = null, strip = [], wanted = '';

function make(tag, attributes = {}, text = null) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== null) node.textContent = text;
  return node;
}

const box = make('div', { class: 't2i' });
const nothing = make('p', { class: 'nothing' });
const stage = make('figure');
const large = make('img', { alt: '' });
const caption = make('figcaption', { 'aria-live': 'polite' });
stage.append(large, caption);
const [steps, stepsTitle, stepsList] = section('steps');
const [pictures, picturesTitle, picturesList] = section('pictures');
box.append(nothing, stage, steps, pictures);
element.replaceChildren(box);

function section(name) {
  const part = make('section', { class: name }), title = make('h4'), list = make('ol');
  part.append(title, list);
  return [part, title, list];
}

// The last picture stays until the next one has arrived: no flicker between two steps.
function show(path, said) {
  caption.textContent = said;
  large.alt = said;
  wanted = address(path);
  if (large.getAttribute('src') === wanted) return;
  const next = new Image(), source = wanted;
  next.onload = () => { if (wanted === source) large.src = source; };
  next.src = source;
}

function tile(path, name, mark, press) {
  const item = make('li'), button = make('button', { type: 'button', 'aria-label': name, title: name });
  button.append(make('img', { src: address(path), alt: '', loading: 'lazy' }), make('small', { 'aria-hidden': 'true' }, mark));
  button.addEventListener('click', press);
  item.append(button);
  return item;
}

function mark(list, which) {
  [...list.children].forEach((item, at) => item.firstChild.setAttribute('aria-current', String(at === which)));
}

function drawStrip(value) {
  const same = strip.length <= value.strip.length && strip.every((path, at) => path === value.strip[at]);
  if (!same) { stepsList.replaceChildren(); strip = []; }
  for (let at = strip.length; at < value.strip.length; at += 1) {
    const name = `${value.words.step} ${at + 1}`;
    stepsList.append(tile(value.strip[at], name, String(at + 1), () => {
      mark(stepsList, at);
      mark(picturesList, -1);
      show(value.strip[at], name);
    }));
  }
  if (strip.length !== value.strip.length) stepsList.scrollLeft = stepsList.scrollWidth;
  strip = [...value.strip];
  mark(stepsList, -1);
  stepsTitle.textContent = value.words.strip;
  steps.hidden = strip.length < 2;
}

function drawPictures(value) {
  picturesList.replaceChildren(...value.pictures.map((one, at) => tile(
    one.path, `${value.words.picture} ${at + 1}, ${value.words.seed} ${one.seed}`, String(at + 1),
    () => trigger('select', { which: at }),
  )));
  mark(picturesList, value.which);
  picturesTitle.textContent = value.words.pictures;
  pictures.hidden = value.pictures.length < 2;
}

function draw() {
  const value = props.value;
  if (!value || !value.words) { box.hidden = true; return; }
  if (value.state === 'stopped') stopped = value.run;
  if (value.run === stopped && (value.state === 'painting' || value.state === 'waiting')) return;
  box.hidden = false;
  box.dataset.state = value.state;
  const empty = !value.stage;
  nothing.textContent = value.state === 'waiting' || value.state === 'painting' ? value.words.waiting : value.words.nothing;
  nothing.hidden = !empty;
  stage.hidden = empty;
  if (empty) { large.removeAttribute('src'); wanted = ''; } else { show(value.stage, value.caption); }
  drawStrip(value);
  drawPictures(value);
}

watch('value', draw);
draw();
