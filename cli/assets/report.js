// Draws the timelines of a report, and opens everything for print. Reads the JSON beside each drawing; needs d3.

const MARGIN = { top: 34, right: 40, bottom: 24, left: 12 };
const ROW = 17;
const HEAD = 18;
/** Lines of a lane that are drawn: what is beside them shares the last. */
const MOST_ROWS = 12;

function drawTimeline(figure) {
  const drawing = figure.querySelector('.drawing');
  const data = JSON.parse(figure.querySelector('script').textContent);
  const width = 1000;
  let top = MARGIN.top;
  const lanes = data.lanes.map((lane, i) => {
    const rows = Math.min(lane.rows, MOST_ROWS);
    const placed = { ...lane, top, height: HEAD + rows * ROW + 5, color: `var(--series-${(i % 8) + 1})` };
    top += placed.height;
    return placed;
  });
  const height = top + MARGIN.bottom;
  const whole = d3.scaleLinear([0, Math.max(1, data.events)], [MARGIN.left, width - MARGIN.right]);

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

  const span = ({ from, to }) =>
    (from === null ? 'before the trace' : `#${from}`) +
    (to === from ? '' : ` to ${to === null ? 'its end' : `#${to}`}`);
  function tell(mark) {
    told.text(`${mark.lane.name}: ${mark.label}, ${span(mark)}. ${mark.detail}`);
    items.classed('chosen', one => one === mark);
  }

  function draw(x) {
    axis.call(
      d3
        .axisBottom(x)
        .ticks(8)
        .tickFormat(seq => (Number.isInteger(seq) ? `#${d3.format(',')(seq)}` : '')),
    );
    const left = mark => Math.max(-5, x(mark.from ?? 0));
    const right = mark => Math.min(width + 5, x(mark.to ?? data.events));
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
    lost.attr('x1', x).attr('x2', x);
    witness.attr('x1', one => x(one.seq)).attr('x2', one => x(one.seq));
    // Names that would lie on each other stand in two lines, or are left out.
    const ends = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    roles.each(function place({ seq, role }) {
      const text = `${role} #${seq}`;
      const length = text.length * 6.2;
      const at = Math.min(Math.max(x(seq), MARGIN.left), width - length);
      const line = ends.findIndex(end => end < at);
      const isShown = line !== -1 && x(seq) >= 0 && x(seq) <= width;
      if (isShown) ends[line] = at + length;
      d3.select(this)
        .attr('x', at)
        .attr('y', line === 0 ? 12 : 24)
        .text(isShown ? text : '');
    });
    drawing.dataset.from = Math.round(x.invert(MARGIN.left));
    drawing.dataset.to = Math.round(x.invert(width - MARGIN.right));
  }

  const zoom = d3
    .zoom()
    .scaleExtent([1, Math.max(1, data.events / 8)])
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
    const seqs = data.witness.map(({ seq }) => seq);
    const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
    const around = Math.max(12, (last - first) * 0.3);
    const scale = Math.min(data.events / 8, data.events / (last - first + 2 * around));
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
  };
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

/** A timeline is drawn when it is first seen: a report has many. */
const unseen = new IntersectionObserver(
  entries => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      unseen.unobserve(target);
      drawOnce(target);
    }
  },
  { rootMargin: '300px' },
);
function drawOnce(figure) {
  if (figure.dataset.drawn !== undefined) return;
  figure.dataset.drawn = '';
  drawTimeline(figure);
}
for (const figure of document.querySelectorAll('.timeline')) unseen.observe(figure);

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
