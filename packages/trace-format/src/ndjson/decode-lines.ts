import { refusal } from './refusal.js';

/** No event has a longer line, and no longer one is kept in memory. */
const MAX_LINE = 1 << 20;

/** Cuts a stream of bytes into the text of its lines. */
export class LineSplitter {
  /** Number of the line yielded last, from 1. */
  line = 0;
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** Yields the lines that these bytes complete, without their newlines. @throws P2mError P2M_NDJSON */
  *push(bytes: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      const tail = bytes.subarray(start, end);
      start = end + 1;
      yield this.text(tail);
    }
    // The caller may reuse its buffer.
    this.hold(bytes.slice(start));
  }

  /** Yields the last line if the stream does not end with a newline. */
  *end(): Generator<string> {
    if (this.heldBytes > 0) yield this.text(new Uint8Array(0));
  }

  private hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes > MAX_LINE) {
      this.line++;
      throw refusal(`the line is longer than ${MAX_LINE} bytes`);
    }
  }

  private text(tail: Uint8Array): string {
    let bytes = tail;
    if (this.heldBytes > 0) {
      this.hold(tail);
      bytes = Buffer.concat(this.held);
      this.held = [];
      this.heldBytes = 0;
    }
    this.line++;
    if (bytes.length > MAX_LINE) throw refusal(`the line is longer than ${MAX_LINE} bytes`);
    if (bytes.includes(0)) throw refusal('the line has a NUL byte: this is no text');
    let text: string;
    try {
      text = this.decoder.decode(bytes);
    } catch {
      throw refusal('the line is not valid UTF-8');
    }
    // Some editors begin a file with a byte order mark.
    return this.line === 1 && text.startsWith('\ufeff') ? text.slice(1) : text;
  }
}

const LF = 0x0a;

/** True for lines without an object: blank lines and comments. */
export function isSkipped(line: string): boolean {
  return /^[ \t\r]*(?:$|#|\/\/)/.test(line);
}

/** The JSON object of a line. @throws P2mError P2M_NDJSON */
export function parseLine(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw refusal(`the line is not JSON${whereabouts(error as Error, line)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal('the line is JSON, but no object; expected {"kind": …}');
  }
  const object = value as Record<string, unknown>;
  const keys = keysOf(line);
  if (keys.length !== Object.keys(object).length) {
    const seen = new Set<string>();
    const twice = keys.find(key => seen.size === seen.add(key).size);
    if (twice !== undefined) throw refusal(`${twice} is given twice`, twice);
  }
  return object;
}

/** Where the parser gave up, if it says so. */
function whereabouts(error: Error, line: string): string {
  const position = /at position (\d+)/.exec(error.message)?.[1];
  if (position !== undefined && Number(position) < line.trimEnd().length)
    return ` from column ${Number(position) + 1} on`;
  return /end of JSON|Unterminated|at position/.test(error.message) ? ': it ends too early' : '';
}

/** Every key of a JSON line; of two equal keys, JSON.parse keeps only the last. */
function keysOf(line: string): string[] {
  const keys: string[] = [];
  for (let start = line.indexOf('"'); start >= 0; ) {
    let end = line.indexOf('"', start + 1);
    while (isEscaped(line, end)) end = line.indexOf('"', end + 1);
    let next = end + 1;
    while (/[ \t\r]/.test(line.charAt(next))) next++;
    if (line.charAt(next) === ':') {
      const key = line.slice(start + 1, end);
      keys.push(key.includes('\\') ? JSON.parse(`"${key}"`) : key);
    }
    start = line.indexOf('"', end + 1);
  }
  return keys;
}

function isEscaped(line: string, quote: number): boolean {
  let at = quote - 1;
  while (line.charAt(at) === '\\') at--;
  return (quote - 1 - at) % 2 === 1;
}
