import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface StaticFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** The page's files by their path; what is not among them can't be asked for. Beside the bundle, in ui/. */
export function staticFiles(): ReadonlyMap<string, StaticFile> {
  const folder = new URL('ui/', import.meta.url);
  const files = new Map<string, StaticFile>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(name)];
    const path = name.replaceAll('\\', '/');
    if (type !== undefined) files.set(`/${path}`, { type, bytes: readFileSync(new URL(path, folder)) });
  }
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}
