// Where the keychain is reached on Linux. A hub that a client started knows no D-Bus address: clients hand their
// servers hardly any environment. So the session's usual place is tried, then the address that worked last.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'

const NAME = 'DBUS_SESSION_BUS_ADDRESS'
const FILE = 'session-bus'

/** Sets the address for this process when nobody has. To be called before the first use of the keychain. */
export function findSessionBus(folder: string, env: NodeJS.ProcessEnv = process.env): void {
  if (process.platform !== 'linux' || env[NAME]) return
  const usual = `/run/user/${userInfo().uid}/bus`
  const address = existsSync(usual) ? `unix:path=${usual}` : lastAddress(folder)
  if (address) env[NAME] = address
}

/** The address led to an open keychain: kept for the next hub. */
export function rememberSessionBus(folder: string, env: NodeJS.ProcessEnv = process.env): void {
  const address = env[NAME]
  if (process.platform !== 'linux' || !address || address === lastAddress(folder)) return
  writeFileSync(join(folder, FILE), `${address}\n`, { mode: 0o600 })
}

function lastAddress(folder: string): string | null {
  try {
    return readFileSync(join(folder, FILE), 'utf8').trim() || null
  } catch {
    return null
  }
}
