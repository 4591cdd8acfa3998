import { EventEmitter } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { answer, PRIVILEGES } from './app-protocol.ts'
import { FROM_WINDOW, TO_WINDOW } from './names.ts'
import { guardContents, guardSession, isFromUs, windowOptions } from './window.ts'

/** The few calls of Electron, as it makes them. */
type Contents = Parameters<typeof guardContents>[0]
type Browser = Parameters<typeof guardSession>[0]
type Message = Parameters<typeof isFromUs>[0]

test('the window has no Node, is isolated and sandboxed', () => {
  expect(windowOptions('/p.cjs', 'linux').webPreferences).toMatchObject({
    preload: '/p.cjs',
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    webviewTag: false,
  })
  expect(PRIVILEGES.privileges).not.toHaveProperty('bypassCSP')
})

describe('the contents', () => {
  const guarded = () => {
    const contents = Object.assign(new EventEmitter(), { setWindowOpenHandler: vi.fn() })
    const opened: string[] = []
    guardContents(contents as unknown as Contents, url => opened.push(url))
    const isStopped = (event: string, url: string) => {
      const preventDefault = vi.fn()
      contents.emit(event, { url, preventDefault })
      return preventDefault.mock.calls.length > 0
    }
    return { contents, opened, isStopped }
  }

  test.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])('stay on our pages: %s', event => {
    const { isStopped } = guarded()
    for (const url of [
      'https://example.com/',
      'file:///etc/passwd',
      'app://other/',
      'javascript:1',
      'data:text/html,x',
      'app://gatehouse.evil/',
    ])
      expect([url, isStopped(event, url)]).toEqual([url, true])
    expect(isStopped(event, 'app://gatehouse/servers')).toBe(false)
  })

  test('open no window and no webview; links of the web open outside', () => {
    const { contents, opened, isStopped } = guarded()
    const open = contents.setWindowOpenHandler.mock.calls[0]![0]
    for (const url of [
      'https://example.com/a',
      'http://example.com',
      'file:///x',
      'smb://host/x',
      'https://user:pass@host/',
      'ms-msdt:/x',
      'nonsense',
    ])
      expect(open({ url })).toEqual({ action: 'deny' })
    expect(opened).toEqual(['https://example.com/a', 'http://example.com'])
    expect(isStopped('will-attach-webview', 'app://gatehouse/')).toBe(true)
  })
})

test('no permission is granted but to copy, and nothing is loaded from anywhere else', () => {
  const browser = {
    setPermissionRequestHandler: vi.fn(),
    setPermissionCheckHandler: vi.fn(),
    setDevicePermissionHandler: vi.fn(),
    webRequest: { onBeforeRequest: vi.fn() },
  }
  guardSession(browser as unknown as Browser)
  const asked = (permission: string, url: string) => {
    const granted = vi.fn()
    browser.setPermissionRequestHandler.mock.calls[0]![0]({ getURL: () => url }, permission, granted)
    return [granted.mock.calls[0]![0], browser.setPermissionCheckHandler.mock.calls[0]![0](null, permission, url)]
  }
  for (const permission of [
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'openExternal',
    'fileSystem',
    'hid',
  ])
    expect([permission, ...asked(permission, 'app://gatehouse/')]).toEqual([permission, false, false])
  expect(asked('clipboard-sanitized-write', 'app://gatehouse/')).toEqual([true, true])
  expect(asked('clipboard-sanitized-write', 'https://example.com/')).toEqual([false, false])
  expect(browser.setDevicePermissionHandler.mock.calls[0]![0]({})).toBe(false)
  const isCancelled = (url: string) => {
    const done = vi.fn()
    browser.webRequest.onBeforeRequest.mock.calls[0]![0]({ url }, done)
    return done.mock.calls[0]![0].cancel
  }
  expect(
    ['https://example.com/x.js', 'http://127.0.0.1/', 'file:///etc/passwd', 'ws://127.0.0.1/'].map(isCancelled),
  ).toEqual([true, true, true, true])
  expect(['app://gatehouse/assets/a.js', 'data:image/png;base64,', 'blob:app://gatehouse/1'].map(isCancelled)).toEqual([
    false,
    false,
    false,
  ])
})

test('a message counts only from the top frame of our own page', () => {
  const mainFrame = { url: 'app://gatehouse/servers' }
  const contents = { mainFrame } as unknown as Message['sender']
  const from = (sender: unknown, senderFrame: unknown) => isFromUs({ sender, senderFrame } as Message, contents)
  expect(from(contents, mainFrame)).toBe(true)
  expect(from(contents, { url: 'app://gatehouse/servers' })).toBe(false)
  expect(from({ mainFrame }, mainFrame)).toBe(false)
  expect(from(contents, null)).toBe(false)
  mainFrame.url = 'https://example.com/'
  expect(from(contents, mainFrame)).toBe(false)
})

describe('the app:// protocol', () => {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-app-'))
  beforeAll(() => {
    mkdirSync(join(root, 'dist/assets'), { recursive: true })
    writeFileSync(join(root, 'dist/index.html'), '<meta name="csp-nonce" content="__CSP_NONCE__">')
    writeFileSync(join(root, 'dist/assets/a.js'), 'export {}')
    writeFileSync(join(root, 'secret.js'), 'no')
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  const get = (url: string, method = 'GET') => answer(join(root, 'dist'), { url, method })

  test('serves the built window under a policy without other sources', async () => {
    const page = await get('app://gatehouse/servers/srv_1')
    const policy = page.headers.get('content-security-policy')!
    const nonce = /'nonce-([^']+)'/.exec(policy)![1]
    expect(await page.text()).toBe(`<meta name="csp-nonce" content="${nonce}">`)
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-")
    expect(policy).toContain("connect-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    const script = await get('app://gatehouse/assets/a.js')
    expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
  })

  test.each([
    ['app://gatehouse/..%2fsecret.js', 'GET', 400],
    ['app://gatehouse/%2e%2e/secret.js', 'GET', 404],
    ['app://gatehouse/assets/%00.js', 'GET', 400],
    ['app://gatehouse/assets/missing.js', 'GET', 404],
    ['app://other/assets/a.js', 'GET', 403],
    ['file:///etc/passwd', 'GET', 403],
    ['app://gatehouse/', 'POST', 405],
  ])('%s %s → %i', async (url, method, status) => {
    expect((await get(url, method)).status).toBe(status)
  })
})

describe('the preload', () => {
  const source = readFileSync(join(import.meta.dirname, 'preload.cjs'), 'utf8')
  const load = () => {
    const exposed: Record<
      string,
      { call(name: string, value?: unknown): void; on(name: string, f: (v: unknown) => void): () => void }
    > = {}
    const ipcRenderer = Object.assign(new EventEmitter(), { send: vi.fn() })
    const page = Object.assign(new EventEmitter(), { postMessage: vi.fn(), addEventListener: vi.fn() })
    const electron = {
      ipcRenderer,
      contextBridge: { exposeInMainWorld: (name: string, api: (typeof exposed)[string]) => (exposed[name] = api) },
    }
    runInNewContext(source, {
      require: (name: string) => (name === 'electron' ? electron : undefined),
      window: page,
      location: { origin: 'app://gatehouse' },
    })
    return { exposed, ipcRenderer, page, heard: page.addEventListener.mock.calls[0]![1] }
  }

  test('offers the names of the table and no other', () => {
    const { exposed, ipcRenderer } = load()
    const { call, on } = exposed.gatehouse!
    expect(Object.keys(exposed)).toEqual(['gatehouse'])
    expect(Object.keys(exposed.gatehouse!)).toEqual(['call', 'on'])
    for (const name of FROM_WINDOW) call(name, 1)
    expect(ipcRenderer.send.mock.calls.map(([name]) => name)).toEqual(FROM_WINDOW.map(name => `gatehouse/${name}`))
    for (const name of ['port', 'quit', '__proto__', 'gatehouse/ready'])
      expect(() => call(name)).toThrow('The shell has no')
    for (const name of TO_WINDOW.filter(each => each !== 'port')) expect(on(name, () => {})).toBeTypeOf('function')
    for (const name of ['port', 'ready', 'anything']) expect(() => on(name, () => {})).toThrow('The shell tells no')
  })

  test('hands the port to the page, and hears the page alone', () => {
    const { ipcRenderer, page, heard } = load()
    const port = {}
    ipcRenderer.emit('gatehouse/port', { ports: [port] }, { firstPairing: true })
    expect(page.postMessage.mock.calls).toEqual([
      [{ type: 'gatehouse/port', firstPairing: true }, 'app://gatehouse', [port]],
    ])
    heard({ source: {}, origin: 'app://gatehouse', data: { type: 'gatehouse/ready' } })
    heard({ source: page, origin: 'https://example.com', data: { type: 'gatehouse/ready' } })
    expect(ipcRenderer.send).not.toHaveBeenCalled()
    heard({ source: page, origin: 'app://gatehouse', data: { type: 'gatehouse/ready' } })
    heard({ source: page, origin: 'app://gatehouse', data: { type: 'gatehouse/try-now' } })
    expect(ipcRenderer.send.mock.calls.flat()).toEqual(['gatehouse/ready', 'gatehouse/try-now'])
  })

  test('asks for nothing but electron', () => {
    expect(source.match(/require\([^)]*\)/g)).toEqual(["require('electron')"])
  })
})
