// The same end-to-end stories as in the browser, in the desktop app itself, where its binary is there to be run.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { _electron, type ElectronApplication } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { root } from '../harness.ts'
import { mainJob } from './main-job.ts'

const names: Partial<Record<NodeJS.Platform, string>> = {
  win32: 'electron.exe',
  darwin: 'Electron.app/Contents/MacOS/Electron',
}
const binary = join(
  process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules/electron/dist'),
  names[process.platform] ?? 'electron',
)
const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)

describe.skipIf(!existsSync(binary) || !hasDisplay)('real Electron', () => {
  let app: ElectronApplication
  const job = mainJob(async home => {
    const { DISPLAY, WAYLAND_DISPLAY, XAUTHORITY } = process.env
    const display = Object.entries({ DISPLAY, WAYLAND_DISPLAY, XAUTHORITY }).filter(([, value]) => value)
    app = await _electron.launch({
      executablePath: binary,
      args: [
        join(root, 'electron/main.ts'),
        '--data',
        home.data,
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
      env: { ...home.env, ...Object.fromEntries(display), GATEHOUSE_NODE: process.execPath } as Record<string, string>,
    })
    return app.firstWindow()
  })
  afterAll(async () => {
    await app?.evaluate(({ app: electron }) => electron.emit('before-quit', { preventDefault() {} })).catch(() => {})
    await app?.close().catch(() => {})
  })

  test('the window has no Node in it, and an origin of its own', async () => {
    const seen = await job.page.evaluate(() => [
      typeof Reflect.get(globalThis, 'process'),
      typeof Reflect.get(globalThis, 'require'),
      Reflect.get(globalThis, 'origin'),
    ])
    expect(seen).toEqual(['undefined', 'undefined', 'app://gatehouse'])
  })
})
