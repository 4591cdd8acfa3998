import { expect, test } from 'vitest'
import { familyOf } from './family.ts'
import type { ProcessEntry } from './processes.ts'
import { parsePs } from './processes-darwin.ts'
import { parseStat } from './processes-linux.ts'
import { parseCim } from './processes-win32.ts'
import { measure } from './usage.ts'

test.each([
  [
    'a plain one',
    '4711 (node) S 4700 4711 4711 0 -1 4194560 9157 0 3 0 151 42 0 0 20 0 11 0 8123456 1234567168 14336 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0',
    {
      pid: 4711,
      parent: 4700,
      group: 4711,
      startTime: '8123456',
      cpuSeconds: 1.93,
      memoryBytes: 14336 * 4096,
      zombie: false,
    },
  ],
  [
    'a name made to mislead',
    '12 (x) S 1 1 (evil) Z 4711 99 99 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
    { pid: 12, parent: 4711, group: 99, startTime: '77', cpuSeconds: 0, memoryBytes: 0, zombie: true },
  ],
  ['nothing', '', null],
  ['cut off', '12 (x) S 1', null],
])('/proc/PID/stat: %s', (_, text, expected) => {
  expect(parseStat(text)).toEqual(expected)
})

// Written after ps(1) of macOS; not recorded on a Mac.
test('ps on macOS', () => {
  const text = [
    '    1     0     1 Ss    18000   3:02.10 Mon Nov 16 08:00:00 2026',
    '  501     1   501 S     51200   1:02.50 Fri Nov 20 09:00:01 2026',
    '  502   501   501 Z         0   0:00.00 Fri Nov  2 09:00:02 2026',
    '  503   501   503 R      1024 2-10:00:01 Fri Nov 20 09:00:03 2026',
    'junk',
    '',
  ].join('\n')
  expect(parsePs(text)).toEqual([
    {
      pid: 1,
      parent: 0,
      group: 1,
      startTime: 'Mon Nov 16 08:00:00 2026',
      cpuSeconds: 182.1,
      memoryBytes: 18_432_000,
      zombie: false,
    },
    {
      pid: 501,
      parent: 1,
      group: 501,
      startTime: 'Fri Nov 20 09:00:01 2026',
      cpuSeconds: 62.5,
      memoryBytes: 52_428_800,
      zombie: false,
    },
    {
      pid: 502,
      parent: 501,
      group: 501,
      startTime: 'Fri Nov 2 09:00:02 2026',
      cpuSeconds: 0,
      memoryBytes: 0,
      zombie: true,
    },
    {
      pid: 503,
      parent: 501,
      group: 503,
      startTime: 'Fri Nov 20 09:00:03 2026',
      cpuSeconds: 208_801,
      memoryBytes: 1_048_576,
      zombie: false,
    },
  ])
})

// Written after Win32_Process; not recorded on Windows.
test('Win32_Process on Windows, many and one', () => {
  const row = {
    ProcessId: 8,
    ParentProcessId: 4,
    Start: '134125632000000000',
    KernelModeTime: 10_000_000,
    UserModeTime: 5_000_000,
    WorkingSetSize: 4096,
  }
  const entry = {
    pid: 8,
    parent: 4,
    group: 0,
    startTime: '134125632000000000',
    cpuSeconds: 1.5,
    memoryBytes: 4096,
    zombie: false,
  }
  expect(parseCim(JSON.stringify([{ ...row, ProcessId: 0 }, row]))).toEqual([entry])
  expect(parseCim(JSON.stringify(row))).toEqual([entry])
})

const at = (pid: number, parent: number, group: number, more: Partial<ProcessEntry> = {}): ProcessEntry => ({
  pid,
  parent,
  group,
  startTime: `s${pid}`,
  cpuSeconds: 1,
  memoryBytes: 10,
  zombie: false,
  ...more,
})
const RUN = { pid: 10, startTime: 's10', mark: 'm' }
const never = () => false

test.each<[string, ProcessEntry[], (pid: number) => boolean, boolean, number[]]>([
  [
    'its group and its descendants in other groups',
    [at(1, 0, 1), at(10, 1, 10), at(11, 10, 10), at(12, 11, 12), at(13, 12, 13), at(20, 1, 20)],
    never,
    true,
    [10, 11, 12, 13],
  ],
  [
    'the group without its leader, while it is known to be ours',
    [at(11, 1, 10), at(12, 11, 12)],
    never,
    true,
    [11, 12],
  ],
  ['not the group without its leader, when it may be another’s', [at(11, 1, 10), at(12, 11, 12)], never, false, []],
  [
    'the marked ones, wherever they went',
    [at(11, 1, 10), at(12, 1, 12), at(13, 1, 13)],
    pid => pid === 12,
    false,
    [12],
  ],
  ['nobody of a stranger who got the pid', [at(10, 1, 10, { startTime: 'later' }), at(11, 10, 10)], never, true, []],
  [
    'only the marked ones beside a stranger',
    [at(10, 1, 10, { startTime: 'later' }), at(11, 10, 10), at(12, 1, 12)],
    pid => pid === 12,
    true,
    [12],
  ],
  [
    'no dead ones, and the living children of dead ones',
    [at(10, 1, 10, { zombie: true }), at(11, 10, 11)],
    never,
    true,
    [11],
  ],
])('a run’s family: %s', (_, all, carries, groupIsOurs, pids) => {
  expect(familyOf(RUN, all, carries, groupIsOurs).map(entry => entry.pid)).toEqual(pids)
})

test('usage: a core for a second is 100 %, and processes that ended never make it negative', () => {
  const first = measure([at(1, 0, 1, { cpuSeconds: 2 }), at(2, 1, 1)], 1_000, undefined)
  expect(first.usage).toEqual({ cpuPercent: 0, memoryBytes: 20, processes: 2 })
  expect(measure([at(1, 0, 1, { cpuSeconds: 4 })], 2_000, first).usage).toEqual({
    cpuPercent: 100,
    memoryBytes: 10,
    processes: 1,
  })
  expect(measure([at(1, 0, 1, { cpuSeconds: 1 })], 2_000, first).usage.cpuPercent).toBe(0)
})
