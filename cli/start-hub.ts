// Starts a hub that outlives us: in a session of its own, with an environment of our own making.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { programPath } from './places.ts'

/** What a hub may know of whoever happened to start it. The rest it asks the user's login shell for. */
const KEPT =
  process.platform === 'win32'
    ? /^(APPDATA|COMSPEC|HOMEDRIVE|HOMEPATH|LOCALAPPDATA|PATH|PATHEXT|PROCESSOR_ARCHITECTURE|PROGRAMDATA|PROGRAMFILES|PROGRAMFILES\(X86\)|PROGRAMW6432|SYSTEMDRIVE|SYSTEMROOT|TEMP|TMP|USERNAME|USERPROFILE|WINDIR|LANG|TZ)$/i
    : /^(HOME|LOGNAME|PATH|SHELL|USER|LANG|LC_.*|TZ|TMPDIR|XDG_.*|DBUS_SESSION_BUS_ADDRESS|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/

/** For a hub that runs in the background. */
export function ownEnvironment(from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(from).filter(([name]) => KEPT.test(name)))
}

/** For a hub in the foreground: the caller's own, without what steers Node, the loader or npm. */
export function foregroundEnvironment(from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const steers = /^(NODE_OPTIONS|NODE_PATH|LD_.*|DYLD_.*|ELECTRON_.*|npm_.*|GATEHOUSE_TOKEN|GATEHOUSE_HOME)$/i
  return Object.fromEntries(Object.entries(from).filter(([name]) => !steers.test(name)))
}

/** A hub of ours that is on its way, or has failed to come. */
export interface StartedHub {
  isOver(): boolean
  /** The last thing it said before it ended. */
  lastWords(): string
}

export function startHub(data: string): StartedHub {
  mkdirSync(join(data, 'logs'), { recursive: true, mode: 0o700 })
  const log = join(data, 'logs', 'hub-start.txt')
  const stderr = openSync(log, 'w', 0o600)
  let over = false
  const child: ChildProcess = spawn(process.execPath, [programPath('hub/main'), '--data', data, '--background'], {
    cwd: data,
    detached: true,
    windowsHide: true,
    env: ownEnvironment(),
    stdio: ['ignore', 'ignore', stderr],
  })
  closeSync(stderr)
  const end = () => {
    over = true
  }
  child.once('exit', end).once('error', end)
  child.unref()
  return { isOver: () => over, lastWords: () => lastLine(log) }
}

function lastLine(path: string): string {
  try {
    return (
      readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .find(line => line.startsWith('gatehouse: '))
        ?.slice(11) ?? ''
    )
  } catch {
    return ''
  }
}
