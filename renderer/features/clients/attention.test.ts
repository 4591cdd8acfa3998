import { expect, test } from 'vitest'
import { type Client, ClientStatus } from '../../../contract/clients.ts'
import { byAttention } from './attention.ts'

const client = (status: Client['status'], name: string = status): Client => ({
  id: name,
  name,
  other: null,
  status,
  path: null,
  evidence: '',
  problem: null,
  afterWriting: '',
  links: 0,
  lastCallAt: null,
  writtenAt: null,
  canUndo: false,
  linkedAt: null,
  keep: false,
  asks: null,
})

test('every status has its place, the worst first', () => {
  const groups = byAttention([...ClientStatus.options].reverse().map(s => client(s)))
  expect(groups.map(g => [g.title, g.clients.map(c => c.name)])).toEqual([
    ['Needs you', ['dropped', 'unreadable', 'no-permission', 'drifted', 'written']],
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
