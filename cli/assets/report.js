// Draws the timelines of a report, and opens everything for print. Reads the JSON beside each drawing; needs d3.

/** Lines for the names of witnesses. */
const NAME_LINES = 4;
const MARGIN = { top: 12 * NAME_LINES + 10, right: 40, bottom: 24, left: 12 };
const ROW = 17;
const HEAD = 18;
/** What a lane shows has the same colour in every report. */
const COLOURS = { entries: 1, mappings: 6, page: 3, references: 4, types: 7, locks: 5, events: 8 };
/** Lines of a lane that are drawn: what is beside them shares the last. */
const MOST_ROWS = 12;

function drawTimeline(figure) {
  const drawing = figure.querySelector('.drawing');
  const data = JSON.parse(figure.querySelector('script').textContent);
  const width = 1000;
  let top = MARGIN.top;
  const lanes = data.lanes.map(lane => {
    const rows = Math.min(lane.rows, MOST_ROWS);
    const placed = { ...lane, top, height: HEAD + rows * ROW + 5, color: `var(--series-${COLOURS[lane.kind] ?? 8})` };
    top += placed.height;
    return placed;
  });
  const height = top + MARGIN.bottom;
  // By seconds where they are known, else by number of event.
  let bySeconds = data.seconds !== undefined;
  const endOf = () => (bySeconds ? data.seconds.end : data.events);
  const at = seq => (bySeconds ? (data.seconds.at[seq] ?? 0) : seq);
  /** The least that is shown: eight events, or a microsecond. */
  const least = () => (bySeconds ? 1e-6 : 8);
  const scaleOf = () =>
    d3.scaleLinear([0, Math.max(bySeconds ? 1e-6 : 1, endOf())], [MARGIN.left, width - MARGIN.right]);
  let whole = scaleOf();

  const tools = d3.select(drawing).append('div').attr('class', 'tools');
  const svg = d3
    .select(drawing)
    .append('svg')
    .attr('viewBox', [0, 0, width, height])
    .attr('tabindex', 0)
    .attr('role', 'application')
    .attr('aria-label', `Timeline of ${drawing.dataset.name}; the table below says the same`);
  const told = d3.select(drawing).append('p').attr('class', 'told').attr('aria-live', 'polite');
  svg
    .selectAll('.stripe')
    .data(lanes.filter((_, i) => i % 2 === 0))
    .join('rect')
    .attr('class', 'stripe')
    .attr('x', 0)
    .attr('width', width)
    .attr('y', lane => lane.top)
    .attr('height', lane => lane.height);
  const axis = svg.append('g').attr('class', 'axis').attr('transform', `translate(0,${top})`);
  const content = svg.append('g');
  svg
    .selectAll('.lane')
    .data(lanes)
    .join('text')
    .attr('class', 'lane')
    .attr('x', MARGIN.left)
    .attr('y', lane => lane.top + 13)
    .text(lane => lane.name);

  const marks = lanes.flatMap(lane => lane.items.map(item => ({ ...item, lane })));
  const where = mark => mark.lane.top + HEAD + Math.min(mark.row, MOST_ROWS - 1) * ROW;
  const items = content
    .selectAll('.item')
    .data(marks)
    .join('rect')
    .attr('class', 'item')
    .attr('fill', mark => mark.lane.color)
    .attr('y', where)
    .attr('height', ROW - 2)
    .on('pointerenter click', (_, mark) => tell(mark));
  const texts = content
    .selectAll('.inside')
    .data(marks)
    .join('text')
    .attr('class', 'inside')
    .attr('y', mark => where(mark) + 11.5);
  const lost = content
    .selectAll('.lost')
    .data(data.lost)
    .join('line')
    .attr('class', 'lost')
    .attr('y1', MARGIN.top)
    .attr('y2', top);
  const witness = content
    .selectAll('.witness')
    .data(data.witness)
    .join('line')
    .attr('class', 'witness')
    .attr('y1', MARGIN.top - 6)
    .attr('y2', top);
  const roles = content.selectAll('.role').data(data.witness).join('text').attr('class', 'role');

  const when = seq => {
    const seconds = data.seconds?.at[seq];
    return seconds === undefined ? `#${seq}` : `#${seq} (${seconds.toFixed(6)} s)`;
  };
  const span = ({ from, to }) =>
    (from === null ? 'before the trace' : when(from)) +
    (to === from ? '' : ` to ${to === null ? 'its end' : when(to)}`);
  function tell(mark) {
    told.text(`${mark.lane.name}: ${mark.label}, ${span(mark)}. ${mark.detail}`);
    items.classed('chosen', one => one === mark);
  }

  /** Seconds with as many digits as tell the ticks apart; whole events. */
  function tickText(x) {
    if (!bySeconds) return seq => (Number.isInteger(seq) ? `#${d3.format(',')(seq)}` : '');
    const [first, second] = x.ticks(8);
    const digits = Math.min(9, Math.max(0, Math.ceil(-Math.log10((second ?? first + 1) - first))));
    return seconds => `${seconds.toFixed(digits)} s`;
  }

  function draw(x) {
    axis.call(d3.axisBottom(x).ticks(8).tickFormat(tickText(x)));
    const left = mark => Math.max(-5, mark.from === null ? x(0) : x(at(mark.from)));
    const right = mark => Math.min(width + 5, mark.to === null ? x(endOf()) : x(at(mark.to)));
    const isVisible = mark => right(mark) >= 0 && left(mark) <= width;
    items
      .attr('display', mark => (isVisible(mark) ? null : 'none'))
      .attr('x', left)
      .attr('width', mark => Math.max(3, right(mark) - left(mark)));
    texts.text(mark => {
      const room = (Math.min(right(mark), width) - Math.max(left(mark), 0) - 8) / 6.2;
      return !isVisible(mark) || room < 3
        ? ''
        : mark.label.length <= room
          ? mark.label
          : `${mark.label.slice(0, room - 1)}…`;
    });
    texts.attr('x', mark => Math.max(left(mark), 0) + 4);
    lost.attr('x1', seq => x(at(seq))).attr('x2', seq => x(at(seq)));
    witness.attr('x1', one => x(at(one.seq))).attr('x2', one => x(at(one.seq)));
    // Names that would lie on each other stand in lines of their own, or are left out.
    const ends = Array(NAME_LINES).fill(Number.NEGATIVE_INFINITY);
    roles.each(function place({ seq, role }) {
      const text = `${role} #${seq}`;
      const length = text.length * 6.2;
      const place = x(at(seq));
      const start = Math.min(Math.max(place, MARGIN.left), width - length);
      const line = ends.findIndex(end => end + 6 < start);
      const isShown = line !== -1 && place >= 0 && place <= width;
      if (isShown) ends[line] = start + length;
      d3.select(this)
        .attr('x', start)
        .attr('y', 12 * (line + 1))
        .text(isShown ? text : '');
    });
    const shown = value => (bySeconds ? value : Math.round(value));
    drawing.dataset.from = shown(x.invert(MARGIN.left));
    drawing.dataset.to = shown(x.invert(width - MARGIN.right));
  }

  const zoom = d3
    .zoom()
    .scaleExtent([1, Math.max(1, endOf() / least())])
    .extent([
      [0, 0],
      [width, height],
    ])
    .translateExtent([
      [0, 0],
      [width, height],
    ])
    // A wheel turns the page; with Ctrl it zooms.
    .filter(event => (event.type === 'wheel' ? event.ctrlKey : event.button === 0))
    .on('zoom', ({ transform }) => draw(transform.rescaleX(whole)));
  svg.call(zoom).on('dblclick.zoom', null);
  const toWitnesses = () => {
    const seqs = data.witness.map(({ seq }) => at(seq));
    const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
    const around = Math.max(1.5 * least(), (last - first) * 0.3);
    const scale = Math.min(endOf() / least(), endOf() / (last - first + 2 * around));
    if (seqs.length === 0 || scale <= 1) return svg.call(zoom.transform, d3.zoomIdentity);
    const middle = whole((first + last) / 2);
    return svg.call(zoom.transform, d3.zoomIdentity.translate(width / 2 - middle * scale, 0).scale(scale));
  };
  const actions = {
    'Zoom in': () => svg.call(zoom.scaleBy, 2),
    'Zoom out': () => svg.call(zoom.scaleBy, 0.5),
    Left: () => svg.call(zoom.translateBy, 150 / d3.zoomTransform(svg.node()).k, 0),
    Right: () => svg.call(zoom.translateBy, -150 / d3.zoomTransform(svg.node()).k, 0),
    'Whole trace': () => svg.call(zoom.transform, d3.zoomIdentity),
    Witnesses: toWitnesses,
    ...(data.seconds === undefined ? {} : { 'Events or seconds': changeAxis }),
  };
  function changeAxis() {
    bySeconds = !bySeconds;
    whole = scaleOf();
    zoom.scaleExtent([1, Math.max(1, endOf() / least())]);
    const name = figure.querySelector('.axis-name');
    if (name !== null) name.textContent = bySeconds ? 'By seconds' : 'By number of event';
    toWitnesses();
  }
  const keys = {
    '+': 'Zoom in',
    '=': 'Zoom in',
    '-': 'Zoom out',
    ArrowLeft: 'Left',
    ArrowRight: 'Right',
    0: 'Whole trace',
    w: 'Witnesses',
  };
  for (const [name, act] of Object.entries(actions)) {
    tools.append('button').attr('type', 'button').text(name).on('click', act);
  }
  svg.on('keydown', event => {
    const name = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (name === undefined) return;
    event.preventDefault();
    actions[name]();
  });
  toWitnesses();
}

function drawOnce(figure) {
  if (figure.dataset.drawn !== undefined) return;
  figure.dataset.drawn = '';
  drawTimeline(figure);
}
/** What is unfolded is drawn before it is scrolled to; what is folded when it is unfolded: a report has many. */
function drawUnfolded(within) {
  for (const figure of within.querySelectorAll('.timeline')) {
    if (figure.parentElement.closest('details:not([open])') === null) drawOnce(figure);
  }
}
drawUnfolded(document);
document.addEventListener('toggle', ({ target }) => drawUnfolded(target), true);

/** Shows the findings that have all words and one of the chosen severities. */
function search(form) {
  const findings = [...document.querySelectorAll('.finding')].map(element => [
    element,
    element.textContent.toLowerCase(),
  ]);
  const apply = () => {
    const words = form
      .querySelector('input[type=search]')
      .value.toLowerCase()
      .split(/\s+/)
      .filter(word => word !== '');
    const wanted = [...form.querySelectorAll('input[type=checkbox]:checked')].map(({ name }) => name);
    let shown = 0;
    for (const [element, text] of findings) {
      const isShown = wanted.some(name => element.classList.contains(name)) && words.every(word => text.includes(word));
      element.hidden = !isShown;
      if (isShown) shown++;
    }
    form.querySelector('output').textContent = `${shown} of ${findings.length} shown`;
  };
  form.addEventListener('input', apply);
  form.addEventListener('submit', event => event.preventDefault());
  apply();
}
for (const form of document.querySelectorAll('.search')) search(form);

/** On paper everything is open and drawn. */
let opened = [];
window.addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details:not([open])')];
  for (const details of opened) details.open = true;
  for (const figure of document.querySelectorAll('.timeline')) drawOnce(figure);
});
window.addEventListener('afterprint', () => {
  for (const details of opened) details.open = false;
});

/** A link to a finding opens it. */
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
window.addEventListener('hashchange', openTarget);
openTarget();
