#!/usr/bin/env node
try {
  await import('../bundle/main.js');
} catch (error) {
  // Not even its own modules can be opened. What else goes wrong is told in there.
  if (error?.errno === undefined) throw error;
  process.stderr.write(`p2mtrace: P2M_SYSTEM: p2mtrace can't be loaded: ${error.message}\n`);
  process.stderr.write(`  ${error.code === 'EMFILE' ? 'allow more open files: ulimit -n 1024' : 'install it anew'}\n`);
  process.exitCode = 3;
}
