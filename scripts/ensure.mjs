/**
 * Installs and builds what is missing; does next to nothing if everything is there. Needs only Node and npm.
 * The output of the tools goes to stderr.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const { engines, packageManager } = JSON.parse(readFileSync(at('package.json'), 'utf8'));

function fail(what, remedy) {
  process.stderr.write(`ensure: ${what}\n  ${remedy}\n`);
  process.exit(1);
}

/** Runs a command in the project's root; its output goes to stderr. */
function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
}

function checkNode() {
  const [major, minor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  fail(`Node ${process.versions.node} is too old: ${engines.node} is needed`, 'install a newer Node and try again');
}

/** The folders of the workspace, all of which are built. */
const folders = ['cli', ...readdirSync(at('packages')).map(name => join('packages', name))];

/** Written by pnpm at the end of an installation. */
const MODULES = at('node_modules', '.modules.yaml');
const LOCK = at('pnpm-lock.yaml');
/** npx fetches the pnpm that package.json names; pnpm need not look for it itself, which a frozen lockfile forbids. */
const INSTALL = ['-y', packageManager, 'install', '--frozen-lockfile', '--pm-on-fail=ignore'];

/** Why packages must be installed; undefined if they are there. */
function missing() {
  if (!existsSync(MODULES)) return 'node_modules is not there';
  if (statSync(MODULES).mtimeMs < statSync(LOCK).mtimeMs) return 'pnpm-lock.yaml is newer than node_modules';
  const wanted = [join('node_modules', '.bin', 'p2mtrace'), ...folders.map(folder => join(folder, 'node_modules'))];
  const lacking = wanted.find(path => !existsSync(at(path)));
  return lacking && `${lacking} is not there`;
}

function install(why) {
  process.stderr.write(`ensure: installing packages (${why})\n`);
  // On some systems, npx is a shell script.
  const { error, status } = run('npx', INSTALL, { shell: process.platform === 'win32' });
  if (error?.code === 'ENOENT') fail('npx was not found', 'install npm, which brings it');
  if (status !== 0) {
    fail(
      `installing packages failed (${error?.message ?? `exit code ${status}`})`,
      `see above; by hand: npx ${INSTALL.join(' ')}`,
    );
  }
  // pnpm does not touch the file if nothing has changed; without this, the next run would install again.
  utimesSync(MODULES, new Date(), new Date());
}

function build() {
  // tsc considers a build done as long as its .tsbuildinfo exists, even if the output is gone.
  for (const folder of folders) {
    if (!existsSync(at(folder, 'dist'))) rmSync(at(folder, 'tsconfig.tsbuildinfo'), { force: true });
  }
  const tsc = [at('node_modules', 'typescript', 'bin', 'tsc'), '-b'];
  if (run(process.execPath, tsc, { stdio: 'ignore' }).status === 0) return;
  // Part of the earlier output may be gone. If the sources have errors, they are now reported again.
  const { error, status } = run(process.execPath, [...tsc, '--force']);
  if (status !== 0) {
    fail(`building failed (${error?.message ?? `exit code ${status}`})`, 'see above; by hand: npx tsc -b --force');
  }
}

/** Removes output of sources that no longer exist, which would be packed. */
function prune(folder) {
  for (const name of readdirSync(at(folder, 'dist'), { recursive: true })) {
    const source = /^(.*)\.(?:d\.ts|js)(?:\.map)?$/.exec(name)?.[1];
    const isThere = ['ts', 'tsx'].some(ending => existsSync(at(folder, 'src', `${source}.${ending}`)));
    if (source !== undefined && !isThere) rmSync(at(folder, 'dist', name));
  }
}

/** Runs scripts/NAME.mjs if its product is older than its sources. */
function make(name, product, sources) {
  const script = at('scripts', `${name}.mjs`);
  const made = statSync(product, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if ([...sources, script, LOCK].every(path => statSync(path).mtimeMs < made)) return;
  const { error, status } = run(process.execPath, [script]);
  if (status !== 0) {
    fail(`${script} failed (${error?.message ?? `exit code ${status}`})`, 'see above; by hand: npm run build');
  }
}

/** The file that tsc writes when it has built a folder. */
const notesOf = folder => at(folder, 'tsconfig.tsbuildinfo');

/** The kernel of imports, which uses constants from the package's TypeScript. */
const FORMAT = join('packages', 'trace-format');
const KERNEL = at(FORMAT, 'dist', 'kernel', 'kernel.wasm');
function kernel() {
  const sources = readdirSync(at(FORMAT, 'kernel')).map(name => at(FORMAT, 'kernel', name));
  make('kernel', KERNEL, [...sources, notesOf(FORMAT)]);
}

/** The command line's bundle, and the page of p2mtrace ui, whose style and frame tsc knows nothing of. */
function bundle() {
  const page = ['index.html', 'vite.config.mjs', join('src', 'style.css')].map(name => at('packages', 'ui', name));
  make('bundle', at('cli', 'bundle', 'main.js'), [...folders.map(notesOf), ...page, KERNEL]);
}

checkNode();
const why = missing();
if (why !== undefined) install(why);
build();
folders.forEach(prune);
kernel();
bundle();
