// The desktop shell: one window on the hub, a tray, notifications, and quitting in order. It knows no domain.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  app,
  BrowserWindow,
  dialog,
  type IpcMainEvent,
  ipcMain,
  Menu,
  MessageChannelMain,
  Notification,
  protocol,
  safeStorage,
  session,
  shell,
  Tray,
} from 'electron'
import { answer, ORIGIN, PRIVILEGES, SCHEME } from './app-protocol.ts'
import { carry } from './carry.ts'
import { HubProcess } from './hub-process.ts'
import { KeepConnected } from './keep-connected.ts'
import type { Line } from './line.ts'
import { callsOver, type Hub, notify } from './notifications.ts'
import { dataFolder, type Installation, nodePath, profileName, programPath, rendererFolder } from './places.ts'
import { quitter } from './quit.ts'
import { stopEverything, trayMenu, trayWords } from './tray.ts'
import { guardContents, guardSession, isFromUs, windowOptions } from './window.ts'
import { WindowKeys } from './window-key.ts'

const here = import.meta.dirname
const installation: Installation = { resources: app.isPackaged ? process.resourcesPath : null, root: dirname(here) }
const data = dataFolder(process.argv, process.env)
const version: string = JSON.parse(
  readFileSync(join(app.isPackaged ? app.getAppPath() : installation.root, 'package.json'), 'utf8'),
).version

app.setName('Gatehouse')
app.setPath('userData', join(app.getPath('appData'), profileName(data)))
app.enableSandbox()
protocol.registerSchemesAsPrivileged([PRIVILEGES])

let window: BrowserWindow | undefined
let tray: Tray | undefined
let calls: Hub | undefined
let leaving = false

const hub = new HubProcess({
  node: nodePath(installation, process.env, process.platform),
  hub: programPath(installation, 'hub/main'),
  cli: programPath(installation, 'cli/main'),
  data,
  env: process.env,
})

if (!app.requestSingleInstanceLock()) app.exit(0)
else {
  app.on('second-instance', () => showWindow())
  app.on('activate', () => showWindow())
  app.on('web-contents-created', (_event, contents) => guardContents(contents, url => void shell.openExternal(url)))
  // The tray keeps the app; closing the window only hides it.
  app.on('window-all-closed', () => {})
  void app.whenReady().then(start)
}

function start(): void {
  guardSession(session.defaultSession)
  protocol.handle(SCHEME, request => answer(rendererFolder(installation), request))
  const connection = new KeepConnected(
    hub,
    {
      version,
      keys: new WindowKeys(app.getPath('userData'), safeStorage),
      name: `Gatehouse on ${SYSTEMS[process.platform] ?? process.platform}`,
    },
    {
      connected: (line, firstPairing) => connected(connection, line, firstPairing),
      news: news => window?.webContents.send('gatehouse/entry', news),
    },
  )
  const from = (name: string, listener: (value: unknown) => void) =>
    ipcMain.on(`gatehouse/${name}`, (event: IpcMainEvent, value: unknown) => {
      if (isFromUs(event, window?.webContents)) listener(value)
    })
  from('ready', () => void connection.tryNow())
  from('try-now', () => void connection.tryNow())
  from('pin', value => void connection.tryNow(typeof value === 'string' ? value.slice(0, 100) : undefined))

  const quit = quitter({
    isOurs: () => hub.isOurs,
    clients: () => countClients(),
    ask: async question => (await dialog.showMessageBox({ type: 'question', ...question })).response === 1,
    stop: async () => {
      connection.close()
      await hub.stop()
    },
    exit: () => {
      leaving = true
      app.exit(0)
    },
  })
  app.on('before-quit', event => {
    if (leaving) return
    event.preventDefault()
    void quit()
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void endAtOnce(connection))
  endWithParent(() => void endAtOnce(connection))

  tray = new Tray(join(here, 'tray.png'))
  tray.setToolTip(trayWords(0))
  const stop = () => void stopEverything(calls, showWindow)
  tray.setContextMenu(Menu.buildFromTemplate(trayMenu({ open: showWindow, stop, quit: () => app.quit() })))
  tray.on('click', () => showWindow())
  showWindow()
}

const SYSTEMS: Partial<Record<NodeJS.Platform, string>> = { darwin: 'macOS', win32: 'Windows', linux: 'Linux' }

function connected(connection: KeepConnected, line: Line, firstPairing: boolean): void {
  if (!window) {
    line.close()
    return
  }
  const { port1, port2 } = new MessageChannelMain()
  carry(line, port1)
  window.webContents.postMessage('gatehouse/port', { firstPairing }, [port2])
  void tellOfQuestions(connection, line)
}

// Over a line of its own, since the window's is carried unread. It ends with the window's.
async function tellOfQuestions(connection: KeepConnected, windows: Line): Promise<void> {
  const line = await connection.secondLine()
  if (!line) return
  void windows.closed.then(() => line.close())
  const own = callsOver(line)
  calls = own
  await notify(own, line, {
    isInFront: () => window?.isFocused() ?? false,
    showWindow: () => showWindow(),
    bubble: words => new Notification(words),
    count: waiting => {
      tray?.setToolTip(trayWords(waiting))
      app.setBadgeCount(waiting)
    },
  })
  if (calls === own) calls = undefined
}

async function countClients(): Promise<number | null> {
  const late = new Promise<null>(resolve => setTimeout(() => resolve(null), 3_000))
  const asked = calls?.hub.status().then(
    status => status.links.length,
    () => null,
  )
  return asked ? Promise.race([asked, late]) : null
}

function showWindow(): void {
  window ??= openWindow()
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

function openWindow(): BrowserWindow {
  const opened = new BrowserWindow(windowOptions(join(here, 'preload.cjs'), process.platform))
  opened.once('ready-to-show', () => opened.show())
  opened.on('close', event => {
    if (leaving) return
    event.preventDefault()
    opened.hide()
  })
  opened.on('closed', () => {
    window = undefined
  })
  void opened.loadURL(`${ORIGIN}/`)
  return opened
}

// Nobody can be asked: a signal, or the terminal that started us is gone.
async function endAtOnce(connection: KeepConnected): Promise<void> {
  if (leaving) return
  leaving = true
  connection.close()
  await hub.stop()
  app.exit(0)
}

// In a checkout `npm start` is our parent, and npm does not pass signals on.
function endWithParent(end: () => void): void {
  if (app.isPackaged) return
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) end()
  }, 500).unref()
}
