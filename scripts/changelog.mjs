/**
 * CHANGELOG.md, in the format of Keep a Changelog, with the unreleased changes as a version of their own.
 * Throws if nothing is unreleased, or the version already exists.
 */
export function releasedChangelog(text, version, date) {
  const head = '## [Unreleased]\n';
  const start = text.indexOf(head);
  if (start < 0) throw new Error('CHANGELOG.md has no section Unreleased');
  if (text.includes(`\n## [${version}]`)) throw new Error(`CHANGELOG.md has ${version} already`);
  const rest = text.slice(start + head.length);
  // Up to the next version, the links at the end, or the end.
  const end = rest.search(/^(?:## |\[[^\]]+\]: )/m);
  const changes = (end < 0 ? rest : rest.slice(0, end)).trim();
  if (!/^- /m.test(changes)) throw new Error('CHANGELOG.md: nothing is unreleased');
  const after = end < 0 ? '' : `\n${rest.slice(end)}`;
  return linked(`${text.slice(0, start)}${head}\n## [${version}] - ${date}\n\n${changes}\n${after}`, version);
}

/** If the end of the file has a link for unreleased changes since the previous version, adds one for this version. */
const linked = (text, version) =>
  text.replace(
    /^\[Unreleased\]: (.*\/compare\/)(.*)\.\.\.HEAD$/im,
    (_, compare, before) =>
      `[Unreleased]: ${compare}v${version}...HEAD\n[${version}]: ${compare}${before}...v${version}`,
  );
