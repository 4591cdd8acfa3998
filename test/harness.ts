// What end-to-end tests share: a home of their own, the real hub started by our command line, a real browser, real clients.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

export const root = join(import.meta.dirname, '..')
export const cli = join(root, 'cli', 'main.ts')

/** Why a browser test cannot run here, or undefined. */
export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
export const hasKeychain = process.env.GATEHOUSE_TEST_KEYRING === '1'

/** A person's machine in small: a home folder with nothing in it, and a data folder that does not exist yet. */
export interface Home {
  folder: string
  data: string
  env: NodeJS.ProcessEnv
}

export function freshHome(): Home {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gh-home-')))
  const data = join(folder, '.local', 'share', 'gatehouse')
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: folder, GATEHOUSE_HOME: data, LANG: 'C.UTF-8' }
  for (const name of ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'NODE_COMPILE_CACHE'])
    if (process.env[name]) env[name] = process.env[name]
  return { folder, data, env }
}

export interface RunningHub {
  pid: number
  socket: string
  /** The pairing link. */
  web: string
  process: ChildProcess
  stop(): Promise<void>
}

/** `gatehouse serve --web --no-open`, until its ready line; `under`: a program that is to start and watch it. */
export async function startHub(
  home: Home,
  args: string[] = [],
  env: NodeJS.ProcessEnv = {},
  under: string[] = [],
): Promise<RunningHub> {
  const [program, ...rest] = [...under, process.execPath, cli, 'serve', '--web', '--no-open', ...args]
  const child = spawn(program!, rest, {
    env: { ...home.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const lines = createInterface({ input: child.stdout })
  const first = await Promise.race([once(lines, 'line'), once(child, 'exit')])
  if (typeof first[0] !== 'string') throw new Error(`The hub did not start: ${stderr}`)
  const ready = JSON.parse(first[0])
  return {
    ...ready,
    process: child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs our command line to its end. */
export async function run(
  home: Home,
  args: string[],
  options: { stdin?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...home.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  child.stdin.end(options.stdin ?? '')
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

export async function runJson<T>(home: Home, args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(home, [...args, '--json'])
  if (code !== 0 && stdout === '') throw new Error(`gatehouse ${args.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout)
}

let browser: Browser | undefined

/** A browser profile of its own; windows are paired per profile. */
export async function openBrowser(): Promise<BrowserContext> {
  browser ??= await chromium.launch({
    executablePath: chromiumPath!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  context.setDefaultTimeout(60_000)
  return context
}

export async function closeBrowser(): Promise<void> {
  await browser?.close()
  browser = undefined
}

/** Chooses a PIN in the first window of a home. */
export async function choosePin(page: Page, pin = '4711'): Promise<void> {
  await page.getByRole('button', { name: 'Choose a PIN…' }).click()
  await page.getByLabel('New PIN').fill(pin)
  await page.getByRole('button', { name: 'Set PIN' }).click()
  await page.getByText('The PIN is set').waitFor()
}

/** Waits until `check` is true, at most `ms`. */
export async function until(what: string, check: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  const end = Date.now() + ms
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Waited ${ms} ms in vain for: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** A zombie is dead: what is left of it waits for its parent, which may be slow. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    const stat = process.platform === 'linux' ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z')
  } catch {
    return false
  }
}

/** All living descendants, by process id. */
export function descendants(pid: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number) as [number, number])
  const below = (parent: number): number[] =>
    table.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...below(child)])
  return below(pid)
}
