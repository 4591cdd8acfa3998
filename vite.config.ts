// Builds the window: one static folder the hub serves, with nothing inline, so that a strict CSP holds.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'renderer',
  base: '/',
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'es2023',
    // A data: font or image would be inlined otherwise; font-src is 'self' alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  // `npm run dev` names the hub; the window's socket goes through Vite, Host and Origin as the browser sent them.
  server: { proxy: { '^/hub$': { target: process.env.GATEHOUSE_DEV_HUB ?? '', ws: true } } },
})
