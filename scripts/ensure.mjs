/**
 * Installs and builds what is missing; does next to nothing when all is there. Needs Node and npm only.
 * Whatever the tools print goes to stderr.
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

/** Runs a command in the project's root; what it prints goes to stderr. */
function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
}

function checkNode() {
  const [major, minor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  fail(`Node ${process.versions.node} is too old: ${engines.node} is needed`, 'install a newer Node and try again');
}

/** The workspace, all of which is built. */
const folders = ['cli', ...readdirSync(at('packages')).map(name => join('packages', name))];

/** Written by pnpm at the end of an installation. */
const MODULES = at('node_modules', '.modules.yaml');
const LOCK = at('pnpm-lock.yaml');
/** npx brings the very pnpm that package.json names; pnpm need not look for itself, which a frozen lockfile forbids. */
const INSTALL = ['-y', packageManager, 'install', '--frozen-lockfile', '--pm-on-fail=ignore'];

/** Why packages must be installed; undefined when they are there. */
function missing() {
  if (!existsSync(MODULES)) return 'node_modules is not there';
  if (statSync(MODULES).mtimeMs < statSync(LOCK).mtimeMs) return 'pnpm-lock.yaml is newer than node_modules';
  const wanted = [join('node_modules', '.bin', 'p2mtrace'), ...folders.map(folder => join(folder, 'node_modules'))];
  const lacking = wanted.find(path => !existsSync(at(path)));
  return lacking && `${lacking} is not there`;
}

function install(why) {
  process.stderr.write(`ensure: installing packages (${why})\n`);
  // npx is a shell script on some systems.
  const { error, status } = run('npx', INSTALL, { shell: process.platform === 'win32' });
  if (error?.code === 'ENOENT') fail('npx was not found', 'install npm, which brings it');
  if (status !== 0) {
    fail(
      `installing packages failed (${error?.message ?? `exit code ${status}`})`,
      `see above; by hand: npx ${INSTALL.join(' ')}`,
    );
  }
  // pnpm leaves the file alone when nothing had changed; the next run is not to install again.
  utimesSync(MODULES, new Date(), new Date());
}

function build() {
  // tsc takes a build for done as long as its notes are there, whatever became of the output.
  for (const folder of folders) {
    if (!existsSync(at(folder, 'dist'))) rmSync(at(folder, 'tsconfig.tsbuildinfo'), { force: true });
  }
  const tsc = [at('node_modules', 'typescript', 'bin', 'tsc'), '-b'];
  if (run(process.execPath, tsc, { stdio: 'ignore' }).status === 0) return;
  // Part of an earlier output may be gone; what is wrong with the sources is wrong again, and now said.
  const { error, status } = run(process.execPath, [...tsc, '--force']);
  if (status !== 0) {
    fail(`building failed (${error?.message ?? `exit code ${status}`})`, 'see above; by hand: npx tsc -b --force');
  }
}

/** Takes away what was made of sources that are gone: it would be packed. */
function prune(folder) {
  for (const name of readdirSync(at(folder, 'dist'), { recursive: true })) {
    const source = /^(.*)\.(?:d\.ts|js)(?:\.map)?$/.exec(name)?.[1];
    if (source !== undefined && !existsSync(at(folder, 'src', `${source}.ts`))) rmSync(at(folder, 'dist', name));
  }
}

/** Runs scripts/NAME.mjs where what it makes is older than what it makes it of. */
function make(name, product, sources) {
  const script = at('scripts', `${name}.mjs`);
  const made = statSync(product, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if ([...sources, script, LOCK].every(path => statSync(path).mtimeMs < made)) return;
  const { error, status } = run(process.execPath, [script]);
  if (status !== 0) {
    fail(`${script} failed (${error?.message ?? `exit code ${status}`})`, 'see above; by hand: npm run build');
  }
}

/** What tsc writes when it has built a folder. */
const notesOf = folder => at(folder, 'tsconfig.tsbuildinfo');

/** The kernel of imports, which has constants of the package's TypeScript. */
const FORMAT = join('packages', 'trace-format');
const KERNEL = at(FORMAT, 'dist', 'kernel', 'kernel.wasm');
function kernel() {
  const sources = readdirSync(at(FORMAT, 'kernel')).map(name => at(FORMAT, 'kernel', name));
  make('kernel', KERNEL, [...sources, notesOf(FORMAT)]);
}

/** The command line's bundle. */
function bundle() {
  make('bundle', at('cli', 'bundle', 'main.js'), [...folders.map(notesOf), KERNEL]);
}

checkNode();
const why = missing();
if (why !== undefined) install(why);
build();
folders.forEach(prune);
kernel();
bundle();
