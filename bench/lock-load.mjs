/**
 * A trace of threads in the std format: `threads` that take and give back `locks`, of which `cycles` pairs are taken in
 * both orders. `feasible` of those can end in a deadlock. Of the others a third is taken under one lock, a third is
 * ordered by what one side reads and the other one wrote, a third by sections of another lock. Everything else is taken
 * in one order. The same options give the same text.
 */
export function* lockLoad({ events, threads, locks, cycles, feasible, rounds = 4, seed = 1 }) {
  const random = randomOf(seed);
  const below = n => Math.floor(random() * n);
  // A pair of each cycle, and a third lock for those that one orders; the rest is for everybody.
  const lockOf = (cycle, i) => `L${3 * cycle + i}`;
  const firstOther = 3 * cycles;
  const sections = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    const [one, two] = [below(threads), below(threads - 1)];
    const sides = [one, two >= one ? two + 1 : two];
    // Sections of another lock put only one round before another.
    const times = cycle >= feasible && cycle % 3 === 2 ? 1 : rounds;
    for (let round = 0; round < times; round++) {
      for (const side of [0, 1])
        sections.push({ cycle, side, thread: sides[side], key: round + side / 2 + random() / 4 });
    }
  }
  sections.sort((a, b) => a.key - b.key || a.cycle - b.cycle || a.side - b.side);
  const every = Math.floor(events / (sections.length + 1));
  const queues = Array.from({ length: threads }, () => []);
  const owners = new Map();
  const held = new Int32Array(threads);
  let written = 0;
  let next = 0;
  let text = '';
  const put = (thread, operation, name, site) => {
    text += `T${thread}|${operation}(${name})|${site}\n`;
    if (operation !== 'r' && operation !== 'w') written++;
  };
  while (written < events || next < sections.length) {
    if (next < sections.length && written >= (next + 1) * every) {
      const { cycle, side, thread } = sections[next];
      // What the thread has begun, it ends first: nothing is held around the section.
      if (held[thread] === 0) {
        queues[thread].length = 0;
        cycleSection(cycle, side, thread);
        next++;
      } else step(below(8) > 0 ? thread : below(threads));
    } else step(below(threads));
    if (text.length < 1 << 18) continue;
    yield Buffer.from(text);
    text = '';
  }
  // What is held is given back.
  for (const [thread, queue] of queues.entries()) {
    for (const [operation, name, site] of queue)
      if (operation === 'rel' && owners.get(name) === thread) put(thread, operation, name, site);
  }
  yield Buffer.from(text);

  function step(thread) {
    const queue = queues[thread];
    if (queue.length === 0) queue.push(...nested(firstOther + below(locks - firstOther - 4), 1 + below(3), below(100)));
    const [operation, name, site] = queue[0];
    // Whoever waits is let in some time: all take them in the same order.
    if (operation === 'acq' && owners.has(name)) return;
    if (operation === 'acq') owners.set(name, thread);
    else owners.delete(name);
    held[thread] += operation === 'acq' ? 1 : -1;
    queue.shift();
    put(thread, operation, name, site);
  }

  /** Locks one inside the other, in the order of their numbers. */
  function nested(first, depth, site) {
    const names = Array.from({ length: depth }, (_, i) => `L${first + i}`);
    return [
      ...names.map(name => ['acq', name, `s${site}`]),
      ...names.toReversed().map(name => ['rel', name, `s${site}`]),
    ];
  }

  function cycleSection(cycle, side, thread) {
    const [a, b] = side === 0 ? [lockOf(cycle, 0), lockOf(cycle, 1)] : [lockOf(cycle, 1), lockOf(cycle, 0)];
    const third = lockOf(cycle, 2);
    const how = cycle < feasible ? 'feasible' : ['gate', 'read', 'section'][cycle % 3];
    const site = `c${cycle}.${side}`;
    const variable = `V${cycle}`;
    const other = `W${cycle}`;
    if (how === 'gate' || (how === 'section' && side === 0)) put(thread, 'acq', third, site);
    if (how === 'section' && side === 1) {
      put(thread, 'acq', third, site);
      put(thread, 'rel', third, site);
    }
    put(thread, 'acq', a, site);
    // Each side sees, before it takes the second lock, what the other one wrote after its own.
    if (how === 'read') put(thread, 'r', side === 1 ? variable : other, site);
    put(thread, 'acq', b, site);
    put(thread, 'rel', b, site);
    if (how === 'read') put(thread, 'w', side === 0 ? variable : other, site);
    put(thread, 'rel', a, site);
    if (how === 'gate' || (how === 'section' && side === 0)) put(thread, 'rel', third, site);
  }
}

/** Numbers below 1 (mulberry32). */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
