import { defineConfig } from 'vite';

export default defineConfig({
  // Below the token of an address that is known only when it is served.
  base: './',
  build: {
    target: 'es2022',
    // The policy of the page allows no inline code, and styles only from files.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    // On a busy machine it would say that plugins take long.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
