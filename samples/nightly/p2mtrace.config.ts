import { defineConfig } from '@p2mtrace/analyzers';

// Read by every p2mtrace command that is run in this folder.
export default defineConfig({
  audit: {
    paths: ['/var/log/xentrace'],
    // Of the hypervisor that is recorded.
    xenVersion: '4.17.7',
    symbols: '/boot/xen-syms.map',
    state: '/var/lib/p2mtrace',
    reporter: ['pretty', 'markdown=/var/lib/p2mtrace/audit.md', 'sarif=/var/lib/p2mtrace/audit.sarif'],
    failOn: 'error',
  },
});
