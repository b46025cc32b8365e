import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './lab-error.mjs';
import { run } from './run.mjs';

const ETC = '/etc/apt';

/** The machine's own package sources: their names and texts. */
function ownSources() {
  const parts = join(ETC, 'sources.list.d');
  const files = existsSync(parts) ? readdirSync(parts).map(name => join(parts, name)) : [];
  return [join(ETC, 'sources.list'), ...files]
    .filter(path => /\.(list|sources)$/.test(path) && existsSync(path))
    .map(path => ({ name: path.split('/').pop(), text: readFileSync(path, 'utf8') }));
}

/** The same sources with source packages beside the binary ones; archives of others are left out. */
export function withSourcePackages({ name, text }) {
  if (name.endsWith('.sources')) {
    const stanzas = text.split(/\n\s*\n/).filter(stanza => /^Components:.*\bmain\b/m.test(stanza));
    return stanzas.map(stanza => stanza.replace(/^Types:.*$/m, 'Types: deb deb-src')).join('\n\n');
  }
  const lines = text.split('\n').filter(line => /^deb\s/.test(line) && /\smain\b/.test(line));
  return lines.flatMap(line => [line, line.replace(/^deb\s/, 'deb-src ')]).join('\n');
}

/**
 * APT with lists of its own, which has source packages and needs no root: the machine's configuration stays as it is.
 * Keys and passwords are the machine's.
 */
export class Apt {
  #options;
  #folder;
  #fresh = false;

  constructor(cache) {
    this.#folder = join(cache, 'apt');
    const [parts, lists, archives] = ['sources.list.d', 'lists', 'archives'].map(name => join(this.#folder, name));
    for (const folder of [parts, join(lists, 'partial'), join(archives, 'partial')]) {
      mkdirSync(folder, { recursive: true });
    }
    const settings = {
      'Dir::Etc::sourcelist': '/dev/null',
      'Dir::Etc::sourceparts': parts,
      'Dir::State::lists': lists,
      'Dir::Cache': this.#folder,
      'Dir::Cache::archives': archives,
      'APT::Sandbox::User': 'root',
      'Acquire::Retries': '2',
    };
    this.#options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  /** Fetches the lists, once for each run of the lab. */
  async refresh(options) {
    if (this.#fresh) return;
    const sources = ownSources();
    const remedy = `the lab takes packages from the archives in ${ETC}; add Debian's main archive there`;
    if (!sources.some(source => withSourcePackages(source) !== '')) throw new LabError('no Debian archive', remedy);
    for (const source of sources) {
      writeFileSync(join(this.#folder, 'sources.list.d', source.name), `${withSourcePackages(source)}\n`);
    }
    await this.get(['update'], options);
    this.#fresh = true;
  }

  /** Runs apt-get in a folder. */
  get(args, options) {
    return run('apt-get', [...this.#options, ...args], { what: `apt-get ${args.join(' ')}`, ...options });
  }

  /** What apt-cache or apt-get print. */
  output(program, args) {
    try {
      return execFileSync(program, [...this.#options, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    } catch {
      return '';
    }
  }
}
