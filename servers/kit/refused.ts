// Places this server never enters, even inside a root: keys, browsers' profiles, AI clients' configs, Gatehouse's own data.
import { existsSync } from 'node:fs'
import { homedir, platform } from 'node:os'
import { join, sep } from 'node:path'

const IN_HOME = [
  '.ssh',
  '.gnupg',
  '.aws',
  '.azure',
  '.kube',
  '.docker',
  '.netrc',
  '.npmrc',
  '.pypirc',
  '.git-credentials',
  '.password-store',
  '.config/gcloud',
  '.config/gh',
  // Keyrings
  '.local/share/keyrings',
  '.local/share/kwalletd',
  'Library/Keychains',
  // Browsers' profiles
  '.mozilla',
  '.config/google-chrome',
  '.config/chromium',
  '.config/BraveSoftware',
  '.config/microsoft-edge',
  '.config/vivaldi',
  '.config/opera',
  'snap/firefox',
  'snap/chromium',
  'Library/Application Support/Google/Chrome',
  'Library/Application Support/Firefox',
  'Library/Application Support/BraveSoftware',
  'Library/Application Support/Microsoft Edge',
  'Library/Safari',
  'AppData/Local/Google/Chrome/User Data',
  'AppData/Local/Microsoft/Edge/User Data',
  'AppData/Roaming/Mozilla',
  'AppData/Local/Microsoft/Credentials',
  'AppData/Roaming/Microsoft/Protect',
  // AI clients' configs: whoever writes them starts programs
  '.claude',
  '.claude.json',
  '.cursor',
  '.codex',
  '.gemini',
  '.copilot',
  '.config/Claude',
  '.config/Code/User',
  '.config/opencode',
  '.config/zed',
  'Library/Application Support/Claude',
  'Library/Application Support/Code/User',
  'AppData/Roaming/Claude',
  'AppData/Roaming/Code/User',
  // Gatehouse's own data
  '.local/share/gatehouse',
  'Library/Application Support/gatehouse',
  'AppData/Local/gatehouse',
  'AppData/Roaming/gatehouse',
]

/** Folders as the system compares names: not by letter case on macOS and Windows. */
function folded(path: string): string {
  return platform() === 'linux' ? path : path.toLowerCase()
}

export function isInside(path: string, folder: string): boolean {
  const a = folded(path)
  const b = folded(folder)
  return a === b || a.startsWith(b.endsWith(sep) ? b : b + sep)
}

/** The refused place that holds this real path, or undefined. `more`: places named at start (--refuse). */
export function refusedPlace(realPath: string, more: readonly string[], home = homedir()): string | undefined {
  return [...IN_HOME.map(place => join(home, place)), ...more].find(place => isInside(realPath, place))
}

/** A refused place that exists inside this folder: moving or deleting the folder would take it along. */
export function refusedInside(realPath: string, more: readonly string[], home = homedir()): string | undefined {
  const places = [...IN_HOME.map(place => join(home, place)), ...more]
  return places.find(place => isInside(place, realPath) && existsSync(place))
}
