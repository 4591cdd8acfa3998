import { expect, test } from 'vitest'
import { type Client, ClientStatus } from '../../../contract/clients.ts'
import { byAttention } from './attention.ts'

const client = (status: Client['status'], name: string = status, linkedAt: number | null = null): Client => ({
  id: name,
  name,
  other: null,
  project: null,
  hasProjects: false,
  status,
  path: null,
  evidence: '',
  problem: null,
  afterWriting: '',
  links: 0,
  lastCallAt: null,
  writtenAt: null,
  canUndo: false,
  linkedAt,
  keep: false,
  asks: null,
  canQuit: false,
  own: { servers: 0, keys: [] },
  direct: [],
})

test('every status has its place, the worst first', () => {
  const groups = byAttention([...ClientStatus.options].reverse().map(s => client(s)))
  expect(groups.map(g => [g.title, g.clients.map(c => c.name)])).toEqual([
    ['Needs you', ['dropped', 'unreadable', 'no-permission', 'drifted', 'waiting', 'written']],
    ['Connected', ['connected']],
    ['Found on this computer', ['found']],
    ['Not installed', ['not-installed']],
  ])
})

test('groups without clients are not there, and names are in order', () => {
  expect(byAttention([client('found', 'Zed'), client('found', 'Cursor')]).map(g => g.clients.map(c => c.name))).toEqual(
    [['Cursor', 'Zed']],
  )
})

test('one that was linked and is not open now needs nobody', () => {
  expect(
    byAttention([client('written', 'Zed', 1), client('written', 'Cursor')]).map(g => [g.group, g.clients.length]),
  ).toEqual([
    ['needs-you', 1],
    ['connected', 1],
  ])
})
