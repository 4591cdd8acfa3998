// The environment a login shell has: a server started from the Dock finds `npx` as in a terminal. Asked once.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { writeFileSync } from 'atomically'
import { signalPosixGroup } from './process-groups.ts'

export type Environment = Record<string, string>

/** What would steer Node, the loader or us, and is nobody else's business. */
const NOT_PASSED_ON = /^(NODE_OPTIONS|NODE_PATH|LD_.*|DYLD_.*|ELECTRON_.*|npm_.*|GATEHOUSE_.*)$/i

/** What every child gets where it is set: the MCP SDK's own list, and what programs need to find language, proxies and certificates. */
const PASSED_ON =
  process.platform === 'win32'
    ? /^(APPDATA|COMSPEC|HOMEDRIVE|HOMEPATH|LOCALAPPDATA|PATH|PATHEXT|PROCESSOR_ARCHITECTURE|PROGRAMDATA|PROGRAMFILES|PROGRAMFILES\(X86\)|PROGRAMW6432|SYSTEMDRIVE|SYSTEMROOT|TEMP|TMP|USERNAME|USERPROFILE|WINDIR|LANG|LC_.*|TZ|(HTTPS?|NO|ALL)_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/i
    : /^(HOME|LOGNAME|PATH|SHELL|TERM|USER|LANG|LC_.*|TZ|TMPDIR|XDG_.*|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/

/** The part of an environment that every server may have. Values that are shell functions are no values. */
export function passedOn(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => PASSED_ON.test(name) && !value.startsWith('()')),
  )
}

/**
 * The login shell's whole environment, kept in memory for `${env:NAME}`; on disk only its PATH, for a start at which the
 * shell does not answer within `limitMs`.
 */
export async function loginEnvironment(
  folder: string,
  shell: string | null = userInfo().shell,
  limitMs = 5_000,
): Promise<Environment> {
  const own = cleaned(process.env)
  if (process.platform === 'win32') return own
  const kept = join(folder, 'login-path')
  const asked = await askShell(shell ?? '/bin/sh', own, limitMs)
  if (asked?.PATH) {
    writeFileSync(kept, asked.PATH, { mode: 0o600 })
    return { ...own, ...asked }
  }
  return { ...own, ...lastPath(kept) }
}

function lastPath(file: string): Environment {
  try {
    return { PATH: readFileSync(file, 'utf8') }
  } catch {
    return {}
  }
}

function cleaned(environment: NodeJS.ProcessEnv): Environment {
  const entries = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && !NOT_PASSED_ON.test(name),
  )
  return Object.fromEntries(entries) as Environment
}

/** Null when the shell fails, hangs or says nothing between our two marks (rc files print what they like around them). */
function askShell(shell: string, env: Environment, limitMs: number): Promise<Environment | null> {
  const mark = randomBytes(12).toString('hex')
  // Node writes it, since every shell quotes this alike and `env` differs between systems.
  const script = `'${process.execPath}' -e 'process.stdout.write("${mark}" + JSON.stringify(process.env) + "${mark}")'`
  // csh takes no -l beside -c. -i, since nvm, fnm and the like live in the interactive rc file.
  const flags = /(^|\/)t?csh$/.test(shell) ? ['-ic'] : ['-l', '-i', '-c']
  return new Promise(resolve => {
    const runAsNode = process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {}
    // A session of its own has no terminal to wait for, and ends as a group.
    const child = spawn(shell, [...flags, script], {
      detached: true,
      env: { ...env, ...runAsNode },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let said = ''
    const done = () => {
      clearTimeout(limit)
      if (child.pid !== undefined) signalPosixGroup(child.pid, 'SIGKILL')
      child.stdout.destroy()
      resolve(parse(said.split(mark)[1]))
    }
    const limit = setTimeout(done, limitMs)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.split(mark).length > 2) done()
    })
    child.once('error', done).stdout.once('end', done)
  })
}

function parse(text: string | undefined): Environment | null {
  if (!text) return null
  try {
    return cleaned(JSON.parse(text) as NodeJS.ProcessEnv)
  } catch {
    return null
  }
}
