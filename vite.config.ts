// Builds the window: one static folder the hub serves, with nothing inline, so that a strict CSP holds.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import packageJson from './package.json' with { type: 'json' }

export default defineConfig({
  root: 'renderer',
  base: '/',
  plugins: [react()],
  define: { 'import.meta.env.GATEHOUSE_VERSION': JSON.stringify(packageJson.version) },
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'es2023',
    // A data: font or image would be inlined otherwise; font-src is 'self' alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: { host: '127.0.0.1', port: 5178, proxy: { '/hub': { target: 'ws://127.0.0.1:4178', ws: true } } },
})
