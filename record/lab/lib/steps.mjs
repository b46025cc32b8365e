import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Apt } from './apt.mjs';
import { unpackDebs } from './debs.mjs';
import { buildHypervisor, CONFIG, FLAGS } from './hypervisor.mjs';
import { makeInitramfs } from './initramfs.mjs';
import { contentOf, filesBelow, kept } from './kept.mjs';
import { LabError } from './lab-error.mjs';
import { ensurePrograms, NEEDED } from './programs.mjs';
import { buildTools, NEEDED_BY_TOOLS, toolsOf } from './tools.mjs';
import { copyTree, debianSource, stampOfTree, versionOf } from './xen-source.mjs';

/** Seconds that a step may take, on a slow machine. */
const LIMITS = { programs: 900, source: 600, packages: 900, build: 3600, tools: 1800, initramfs: 300 };
/** Raised when what a step makes of the same inputs changes. */
const VERSION = 1;

/**
 * All that is needed before a scenario can boot. Every step is kept by what went into it.
 * @param kinds of hypervisors that are wanted; the first is the one that scenarios boot
 */
export async function prepare({ root, cache, tree, faults, kinds = ['lab'], patience, say }) {
  mkdirSync(cache, { recursive: true });
  const log = join(cache, 'lab.log');
  const options = limit => ({ log, limit: limit * patience, jobs: cpus().length });
  const [record, lab] = [join(root, 'record'), join(root, 'record', 'lab')];
  const step = (name, inputs, make) => kept(cache, name, { ...inputs, version: VERSION }, make, say);
  const apt = new Apt(cache);
  const ensure = needed => ensurePrograms(needed, { ...options(LIMITS.programs), say });
  await ensure(NEEDED);

  const source =
    tree === undefined
      ? await step('source', { debian: 'xen' }, folder => debianSource(apt, folder, options(LIMITS.source)))
      : await step('source', { tree: stampOfTree(tree) }, folder => copyTree(tree, folder));
  const { branch, release } = versionOf(join(source, 'tree'));

  const hooks = readdirSync(record)
    .filter(name => /\.(h|c|cocci|sh|tsv)$/.test(name))
    .map(name => join(record, name));
  const patches = filesBelow(join(lab, 'faults'))
    .map(({ path }) => path)
    .filter(path => path.endsWith('.cocci'));
  const plain = { source: contentOf([join(source, 'tree', 'xen')]), flags: FLAGS, config: CONFIG };
  const recorder = { ...plain, hooks: contentOf(hooks) };
  const planted = Object.entries(faults).map(([name, { file }]) => [name, file]);
  const inputs = {
    stock: plain,
    recorder,
    lab: { ...recorder, lab: contentOf([join(lab, 'xen'), ...patches]), planted },
  };
  const hypervisors = {};
  for (const kind of kinds) {
    hypervisors[kind] = await step('hypervisor', inputs[kind], folder => {
      const work = join(cache, `build-${branch}`);
      return buildHypervisor({ kind, record, lab, source, faults, work, folder, options: options(LIMITS.build) });
    });
  }

  const packages = (name, which) =>
    step(name, { wanted: which.wanted }, folder => unpackDebs(apt, which, folder, options(LIMITS.packages)));
  const isInArchive = async name => {
    const answer = await step('archive', { name }, async folder => {
      await apt.refresh(options(LIMITS.packages));
      writeFileSync(join(folder, 'package'), apt.output('apt-cache', ['show', name]));
    });
    return readFileSync(join(answer, 'package'), 'utf8') !== '';
  };
  const ownTools = async () => {
    await ensure(NEEDED_BY_TOOLS);
    return step('tools', toolsOf(join(source, 'tree')), folder =>
      buildTools({ source, work: join(cache, `tools-${branch}`), folder, options: options(LIMITS.tools) }),
    );
  };
  const toolstack = join(
    tree === undefined || (await isInArchive(`xen-utils-${branch}`))
      ? await packages('toolstack', debianTools(branch))
      : await ownTools(),
    'root',
  );
  const linux = { wanted: ['linux-image-amd64'], own: /^linux-image-\S+$/ };
  const kernel = join(await packages('kernel', linux), 'root');
  const shell = join(await packages('busybox', { wanted: ['busybox-static'] }), 'root');
  const contents = { toolstack: stampOf(toolstack), kernel: stampOf(kernel), own: contentOf([join(lab, 'dom0')]) };
  const initramfs = await step('initramfs', contents, folder =>
    makeInitramfs({
      lab,
      kernel,
      toolstack,
      shell: programIn(shell, 'busybox'),
      folder,
      options: options(LIMITS.initramfs),
    }),
  );
  const hypervisor = hypervisors[kinds[0]];
  const has = JSON.parse(readFileSync(join(hypervisor, 'planted.json'), 'utf8'));
  const lacking = kinds[0] === 'lab' ? Object.keys(faults).filter(name => !has.includes(name)) : [];
  if (lacking.length > 0) say(`Xen ${release} goes without ${lacking.join(', ')}: their patches match nothing in it`);
  return { hypervisor, hypervisors, initramfs, release, planted: has, log };
}

/** Debian's tools, which drive its own version of the hypervisor alone. */
const debianTools = branch => ({
  wanted: [`xen-utils-${branch}`, 'libxen-dev'],
  own: /^(lib)?xen\S*$/,
  libraries: true,
});

/** A folder of a kept step is named by its stamp. */
const stampOf = path => path.split('/').at(-2);

function programIn(folder, name) {
  const found = filesBelow(folder).find(({ path }) => path.endsWith(`/${name}`));
  if (found === undefined || !existsSync(found.path))
    throw new LabError(`no ${name} in its package`, 'remove the cache');
  return found.path;
}
