// The one window and its walls: no Node, its own protocol only, no other pages, no new windows, no permissions.
import type { BrowserWindowConstructorOptions, IpcMainEvent, Session, WebContents } from 'electron'
import { ORIGIN } from './app-protocol.ts'

export function windowOptions(preload: string, platform: NodeJS.Platform): BrowserWindowConstructorOptions {
  return {
    title: 'Gatehouse',
    width: 1280,
    height: 820,
    minWidth: 760,
    minHeight: 480,
    show: false,
    autoHideMenuBar: true,
    // Elsewhere the system draws its own frame.
    ...(platform === 'darwin' ? { titleBarStyle: 'hiddenInset' as const } : {}),
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      // Approvals count down while the window is hidden.
      backgroundThrottling: false,
    },
  }
}

/** Whether a URL is a page of ours. `new URL().origin` says "null" for a scheme Node does not know. */
export function isOurs(url: string): boolean {
  try {
    const { protocol, host } = new URL(url)
    return `${protocol}//${host}` === ORIGIN
  } catch {
    return false
  }
}

/** Keeps the contents on our pages. `openOutside` gets https links alone. */
export function guardContents(
  contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>,
  openOutside: (url: string) => void,
): void {
  const stay = (event: { preventDefault(): void; url: string }) => {
    if (!isOurs(event.url)) event.preventDefault()
  }
  contents.on('will-navigate', stay)
  contents.on('will-frame-navigate', stay)
  contents.on('will-redirect', stay)
  contents.on('will-attach-webview', event => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (isOutsideLink(url)) openOutside(url)
    return { action: 'deny' }
  })
}

/** Writing what a person copies is the one permission, for our own pages; nothing else is granted, nothing else loaded. */
export function guardSession(
  session: Pick<
    Session,
    'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler' | 'webRequest'
  >,
): void {
  const granted = (permission: string, url: string) => permission === 'clipboard-sanitized-write' && isOurs(url)
  session.setPermissionRequestHandler((contents, permission, answer) => answer(granted(permission, contents.getURL())))
  session.setPermissionCheckHandler((_contents, permission, origin) => granted(permission, origin))
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !isOurs(details.url) && !/^(data|blob|devtools):/.test(details.url) })
  })
}

/** A message counts only from the top frame of our own page. */
export function isFromUs(
  event: Pick<IpcMainEvent, 'sender' | 'senderFrame'>,
  contents: WebContents | undefined,
): boolean {
  const { senderFrame } = event
  return (
    contents !== undefined &&
    event.sender === contents &&
    senderFrame !== null &&
    senderFrame === contents.mainFrame &&
    isOurs(senderFrame.url)
  )
}

function isOutsideLink(url: string): boolean {
  try {
    const { protocol, username, password } = new URL(url)
    // A server may ask to visit a page of this machine, which has no certificate; where it leads was shown before.
    return (protocol === 'https:' || protocol === 'http:') && username === '' && password === ''
  } catch {
    return false
  }
}
