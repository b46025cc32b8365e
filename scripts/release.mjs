/**
 * Prepares a release: raises the version of all packages as the changesets ask, turns the unreleased changes in
 * CHANGELOG.md into that version, and packs into release/. Commits and publishes nothing: .github/workflows/release.yml
 * does, for a tag.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { releasedChangelog } from './changelog.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const OUT = at('release');
const { packages } = JSON.parse(readFileSync(at('layers.json'), 'utf8'));
const { packageManager } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
const version = () => JSON.parse(readFileSync(at('cli', 'package.json'), 'utf8')).version;

function fail(what) {
  process.stderr.write(`release: ${what}\n`);
  process.exit(1);
}

function run(command, args, cwd = root) {
  // On some systems, npm and npx are shell scripts.
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) fail(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
}

const changesets = readdirSync(at('.changeset')).filter(name => name.endsWith('.md') && name !== 'README.md');
if (changesets.length === 0) fail('there is no changeset: npm run changeset makes one');
const changelog = readFileSync(at('CHANGELOG.md'), 'utf8');
// Fails before anything is written.
releasedChangelog(changelog, 'next', '');

run(at('node_modules', '.bin', 'changeset'), ['version']);
const today = new Date().toISOString().slice(0, 10);
writeFileSync(at('CHANGELOG.md'), releasedChangelog(changelog, version(), today));
// The packages name each other by version, and so does the lockfile.
run('npx', ['-y', packageManager, 'install', '--no-frozen-lockfile', '--offline', '--pm-on-fail=ignore']);

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
for (const folder of packages) run('npm', ['pack', '--pack-destination', OUT], at(folder));
process.stdout.write(`release: ${version()} is packed in release/. To publish: commit, tag v${version()}, push both\n`);
