/**
 * Rules for dependency-cruiser from layers.json: a list of the packages and, for each, of what is in its src/, lowest
 * first. A module may import from its own layer and from lower ones. Imports of types count.
 */
const escaped = path => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** A folder, or a file. */
const pattern = path => `^${escaped(path)}${/\.[cm]?[jt]s$/.test(path) ? '$' : '/'}`;

/** No path of an ordered list may import a later one. */
const upwards = paths =>
  paths.slice(0, -1).map((path, i) => ({
    name: 'upward',
    comment: `what ${path} needs lies below it, or in it (layers.json)`,
    severity: 'error',
    from: { path: pattern(path) },
    to: { path: paths.slice(i + 1).map(pattern) },
  }));

export function dependencyRules({ packages, layers }) {
  return [
    {
      name: 'circle',
      comment: 'of modules that import each other none can be understood, or tested, without the others',
      severity: 'error',
      // In the tests, the naive model and its mechanisms are one thing in several files.
      from: { path: packages.map(folder => pattern(`${folder}/src`)) },
      to: { circular: true },
    },
    {
      name: 'unresolved',
      comment: 'there is no such module, or the package does not export it',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    ...packages.map(folder => ({
      name: 'past-the-entry',
      comment: 'another package is imported by its name, and so through what it exports',
      severity: 'error',
      from: { path: pattern(folder) },
      to: {
        path: packages.filter(other => other !== folder).map(other => pattern(`${other}/src`)),
        dependencyTypes: ['local'],
      },
    })),
    ...upwards(packages.map(folder => `${folder}/src`)),
    ...Object.entries(layers).flatMap(([folder, names]) => upwards(names.map(name => `${folder}/src/${name}`))),
  ];
}

/** Other options for dependency-cruiser. */
export const CRUISE_OPTIONS = {
  exclude: { path: '(^|/)dist/' },
  doNotFollow: { path: 'node_modules' },
  // Include imports that only bring types.
  tsPreCompilationDeps: true,
  tsConfig: { fileName: 'tsconfig.base.json' },
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['p2mtrace-source', 'import', 'node', 'types', 'default'],
  },
};
