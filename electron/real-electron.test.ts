import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron } from 'playwright-core'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const names: Partial<Record<NodeJS.Platform, string>> = {
  win32: 'electron.exe',
  darwin: 'Electron.app/Contents/MacOS/Electron',
}
const binary = join(
  process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules/electron/dist'),
  names[process.platform] ?? 'electron',
)
const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
const hasWindow = existsSync(join(root, 'dist/renderer/index.html'))

test.skipIf(!existsSync(binary) || !hasDisplay || !hasWindow)(
  'real Electron: the window opens on a hub of its own, without Node in it',
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'gatehouse-electron-'))
    const app = await _electron.launch({
      executablePath: binary,
      args: [join(root, 'electron/main.ts'), '--data', data, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
      env: { ...(process.env as Record<string, string>), GATEHOUSE_NODE: process.execPath },
    })
    try {
      const page = await app.firstWindow()
      await expect.poll(() => page.getByRole('link', { name: 'Servers' }).isVisible(), { timeout: 60_000 }).toBe(true)
      expect(
        await page.evaluate(() => [
          typeof Reflect.get(globalThis, 'process'),
          typeof Reflect.get(globalThis, 'require'),
          Reflect.get(globalThis, 'origin'),
        ]),
      ).toEqual(['undefined', 'undefined', 'app://gatehouse'])
    } finally {
      await app.evaluate(({ app: electron }) => electron.emit('before-quit', { preventDefault() {} })).catch(() => {})
      await app.close().catch(() => {})
      rmSync(data, { recursive: true, force: true })
    }
  },
  120_000,
)
