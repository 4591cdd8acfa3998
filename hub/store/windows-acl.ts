// Windows has no modes: who may read the data folder stands in its access list, as icacls saves it in SDDL, the same in every language.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HubError } from '../error.ts'

const SYSTEM = 'S-1-5-18'
const ADMINISTRATORS = 'S-1-5-32-544'
/** Short names of those who may: the system and administrators, who can take every file anyway, and whoever owns it. */
const MAY = new Set(['SY', 'BA', 'OW', 'CO', 'LA', SYSTEM, ADMINISTRATORS, 'S-1-3-0', 'S-1-3-4'])
/** Entries that let in. Those that refuse, or only write to the system's log, open nothing. */
const LETS_IN = new Set(['A', 'XA', 'OA', 'ZA'])
const WAIT_MS = 10_000

/** What programs answer; null where they could not. */
export interface WindowsTools {
  userSid(): string | null
  savedAcl(path: string): string | null
  icacls(args: readonly string[]): boolean
}

/** Who besides this user may get in, as they stand in the list. An object without a list lets in everybody. */
export function othersIn(saved: string, userSid: string): string[] {
  const lists = [...saved.matchAll(/D:([A-Z_]*)((?:\([^()]*(?:\([^()]*\)[^()]*)*\))*)/g)]
  if (lists.length === 0 || lists.some(([, flags = '']) => flags.includes('NO_ACCESS_CONTROL'))) return ['everybody']
  const entries = lists.flatMap(([, , aces = '']) => aces.match(/\([^()]*(?:\([^()]*\)[^()]*)*\)/g) ?? [])
  const names = entries.flatMap(entry => {
    const [type = '', , , , , who = ''] = entry.slice(1, -1).split(';')
    return LETS_IN.has(type) && who !== userSid && !MAY.has(who) ? [who] : []
  })
  return [...new Set(names)]
}

/** Takes others out of the folder's list, and lets what lies in it inherit that alone. Where nothing can be told, nothing is done. */
export function makePrivateOnWindows(folder: string, files: readonly string[], tools: WindowsTools = real): void {
  const sid = tools.userSid()
  if (!sid) return
  const isOpen = (path: string) => {
    const saved = tools.savedAcl(path)
    return saved !== null && othersIn(saved, sid).length > 0
  }
  if (isOpen(folder)) {
    const full = [sid, SYSTEM, ADMINISTRATORS].map(who => `*${who}:(OI)(CI)F`)
    tools.icacls([folder, '/inheritance:r', '/grant:r', ...full, '/q'])
    for (const other of othersIn(tools.savedAcl(folder) ?? '', sid))
      tools.icacls([folder, '/remove:g', named(other), '/q'])
    if (isOpen(folder))
      throw new HubError('store/not-private', `Other users of this computer may read ${folder}.`, {
        hint: 'Take them out in its Properties, Security, or name another folder with --data or GATEHOUSE_HOME.',
      })
  }
  for (const file of files) if (isOpen(file)) tools.icacls([file, '/reset', '/q'])
}

/** As icacls takes them: `WD` and the like are of SDDL alone. */
function named(who: string): string {
  return `*${SHORT[who] ?? who}`
}

const SHORT: Record<string, string> = {
  WD: 'S-1-1-0',
  AU: 'S-1-5-11',
  BU: 'S-1-5-32-545',
  BG: 'S-1-5-32-546',
  IU: 'S-1-5-4',
  NU: 'S-1-5-2',
  AN: 'S-1-5-7',
}

const real: WindowsTools = {
  userSid: () => /S-1-5-[\d-]+/.exec(said('whoami', ['/user', '/fo', 'csv', '/nh']) ?? '')?.[0] ?? null,
  savedAcl(path) {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-acl-'))
    try {
      const file = join(folder, 'saved')
      return said('icacls', [path, '/save', file, '/q']) === null ? null : readFileSync(file, 'utf16le')
    } catch {
      return null
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  icacls: args => said('icacls', args) !== null,
}

function said(command: string, args: readonly string[]): string | null {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: WAIT_MS, windowsHide: true })
  return status === 0 ? stdout : null
}
