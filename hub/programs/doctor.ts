// `doctor`: what works on this machine and what does not. Looks only; makes and changes nothing.
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Finding } from '../../contract/command-line.ts'
import { verifyFiles } from '../audit/verify-files.ts'
import { findClient } from '../clients/places.ts'
import { KNOWN_CLIENTS } from '../clients/table.ts'
import { mountTypeOf, networkFileSystem } from '../store/network-fs.ts'
import { loginEnvironment } from '../supervisor/login-environment.ts'
import { hasFile } from '../vault/secret-file.ts'
import { rendererFolder } from '../where.ts'
import { httpFindings } from './doctor-http.ts'
import { serverFindings } from './doctor-servers.ts'
import { runProgram } from './program.ts'
import { readWitness, type Witness } from './witness.ts'

const NODE_NEEDED = 24

const ok = (id: string, what: string): Finding => ({ id, level: 'ok', what, fix: null })
const warn = (id: string, what: string, fix: string): Finding => ({ id, level: 'warn', what, fix })
const problem = (id: string, what: string, fix: string): Finding => ({ id, level: 'problem', what, fix })

await runProgram([], async ({ data }) => {
  const [path, witness] = await Promise.all([loginPath(), keychainOf(data)])
  return [
    node(),
    await sqlite(),
    dataFolder(data),
    keychain(data, witness),
    audit(data, witness),
    shellPath(path),
    display(),
    windowBuilt(),
    clients(homedir()),
    ...(await httpFindings(data)),
    ...serverFindings(data, path),
  ]
})

function node(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= NODE_NEEDED) return ok('node', `Node ${process.versions.node}.`)
  return problem(
    'node',
    `Node ${process.versions.node} is too old.`,
    `Use Node ${NODE_NEEDED}: \`npm install\` brings it.`,
  )
}

async function sqlite(): Promise<Finding> {
  try {
    const { default: Database } = await import('better-sqlite3')
    const db = new Database(':memory:')
    const version = db.prepare<[], { v: string }>('SELECT sqlite_version() AS v').get()?.v
    db.close()
    return ok('sqlite', `SQLite ${version}.`)
  } catch (error) {
    return problem(
      'sqlite',
      `SQLite does not load: ${(error as Error).message}`,
      'Run `npm install` again in the checkout.',
    )
  }
}

function dataFolder(data: string): Finding {
  const id = 'data-folder'
  let there = data
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there)
  try {
    accessSync(there, constants.W_OK | constants.X_OK)
    if (!statSync(there).isDirectory()) throw new Error('no folder')
  } catch {
    return problem(id, `${there} cannot be written.`, 'Name another data folder with --data or GATEHOUSE_HOME.')
  }
  const network =
    process.platform === 'linux' && networkFileSystem(statfsSync(there).type, mountTypeOf(there, mounts()))
  if (network)
    return problem(
      id,
      `${data} lies on a network file system (${network}).`,
      'Name a folder on a local disk with --data.',
    )
  if (there !== data) return ok(id, `${data} is made at the first start.`)
  const { uid, mode } = lstatSync(data)
  if (process.getuid && uid !== process.getuid())
    return problem(id, `${data} belongs to another user.`, 'Name another with --data.')
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    return warn(id, `${data} can be entered by others.`, 'The next start of Gatehouse makes it private.')
  return ok(id, `${data} is private to you.`)
}

function mounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return ''
  }
}

async function keychainOf(data: string): Promise<Witness | null> {
  return existsSync(join(data, 'id')) ? readWitness(data) : probe()
}

/** A folder that does not exist yet: does a keychain answer at all? */
async function probe(): Promise<Witness> {
  const { Keychain } = await import('../vault/keychain.ts')
  const chain = new Keychain('gatehouse-doctor', 10_000)
  try {
    await chain.get('root')
    return { anchor: null, keys: null, why: null }
  } catch (error) {
    return { anchor: null, keys: null, why: (error as Error).message }
  } finally {
    await chain.close()
  }
}

function keychain(data: string, witness: Witness | null): Finding {
  if (witness?.why && hasFile(data)) return ok('keychain', 'Credentials are kept in the encrypted file.')
  if (!witness?.why || /no entry for this folder/.test(witness.why)) return ok('keychain', 'The keychain answers.')
  const fix =
    process.platform === 'linux'
      ? 'Start a secret service (gnome-keyring or KWallet) in your session.'
      : 'Log in to a desktop session and unlock the keychain.'
  return warn('keychain', `${witness.why} Secrets cannot be stored, and the audit log is not anchored.`, fix)
}

function audit(data: string, witness: Witness | null): Finding {
  if (!existsSync(join(data, 'audit.db'))) return ok('audit', 'There is no audit log yet.')
  try {
    const { rows, intact, anchored, problems, note } = verifyFiles(data, {
      anchor: witness?.anchor ?? null,
      publicKey: witness?.keys?.publicKey ?? null,
    })
    if (!intact)
      return warn('audit', `The audit log is broken: ${problems[0]?.what ?? ''}`, 'See `gatehouse audit verify`.')
    if (!anchored)
      return warn(
        'audit',
        `The audit log is intact (${rows} rows), but not anchored. ${note ?? ''}`,
        hasFile(data)
          ? 'Its anchor lies in the encrypted file, which the running hub alone reads: see `gatehouse status`.'
          : 'It is anchored once the keychain answers.',
      )
    return ok('audit', `The audit log is intact and anchored (${rows} rows).`)
  } catch (error) {
    return warn('audit', `The audit log cannot be read: ${(error as Error).message}`, 'See `gatehouse audit verify`.')
  }
}

/** In a folder of its own: asking the shell keeps its answer on disk. */
async function loginPath(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-doctor-'))
  try {
    return (await loginEnvironment(folder)).PATH ?? ''
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function shellPath(path: string): Finding {
  if (path) return ok('path', `PATH as a login shell sees it: ${path}`)
  return warn(
    'path',
    'Your login shell does not say its PATH within 5 s.',
    'Look at what your shell profile does; servers get the PATH of whoever starts Gatehouse.',
  )
}

function display(): Finding {
  if (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
    return ok('display', 'There is a display.')
  return warn(
    'display',
    'There is no display for the desktop app.',
    'Use the window in a browser: gatehouse serve --web, then forward its port.',
  )
}

function windowBuilt(): Finding {
  if (existsSync(join(rendererFolder(), 'index.html'))) return ok('window', 'The window is built.')
  return warn('window', 'The window is not built.', 'Run `npm start`, which builds it.')
}

function clients(home: string): Finding {
  const at = { home, env: process.env, platform: process.platform }
  const found = KNOWN_CLIENTS.filter(client => findClient(client, at)).map(client => client.name)
  if (found.length > 0) return ok('clients', `AI clients found: ${found.join(', ')}.`)
  return warn('clients', 'No AI client was found.', 'Install one, then connect it: gatehouse clients list')
}
