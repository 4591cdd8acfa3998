import { expect, test } from 'vitest'
import { destroyingWordIn, riskOf, wordsOf } from './risk.ts'

test.each([
  ['deletePod', ['delete', 'pod']],
  ['DELETEPod', ['delete', 'pod']],
  ['delete_pod', ['delete', 'pod']],
  ['pod-delete.v2', ['pod', 'delete', 'v']],
  ['k8s_getURLList', ['k', 's', 'get', 'url', 'list']],
  ['ｄｅｌｅｔｅ', ['delete']],
])('%s has the words %j', (name, words) => {
  expect(wordsOf(name)).toEqual(words)
})

test.each([
  'delete_pod',
  'deletePod',
  'DELETE',
  'podDelete',
  'deletepod',
  'bulkdelete',
  'dElEtE',
  'd_e_l_e_t_e',
  'DeletesFile',
  'drop_table',
  'kill-process',
  'purgeCache',
  'destroy',
  'remove_member',
  'truncate',
  'wipe_disk',
  'erase',
  'terminateInstance',
  'revoke_key',
  'reset_password',
  'git_push_force',
  'overwrite_file',
  'uninstall',
  'rm',
  'empty_trash',
  'batchTerminateAll',
])('%s says it destroys', name => {
  expect(destroyingWordIn(name)).toBeDefined()
})

test.each([
  'list_deleted_files',
  'dropdown_options',
  'get_terms',
  'salesforce_query',
  'skill_list',
  'read_file',
  'droplet_list',
  'enforce',
  'confirm',
  'format',
])('%s does not say it destroys', name => {
  expect(destroyingWordIn(name)).toBeUndefined()
})

const risk = (trusted: boolean, name: string, annotations?: unknown, description?: string) => {
  const { risk, byItsWord } = riskOf({ name: 'files', trusted }, name, { name, annotations, description })
  return byItsWord ? `${risk} by its word` : risk
}

test.each<[string, unknown, string, string]>([
  // name, hints, untrusted, trusted
  ['list_files', { readOnlyHint: true }, 'unknown', 'reads by its word'],
  ['list_files', undefined, 'unknown', 'unknown'],
  ['list_files', { readOnlyHint: 'true' }, 'unknown', 'unknown'],
  ['list_files', { readOnlyHint: 1 }, 'unknown', 'unknown'],
  ['list_files', null, 'unknown', 'unknown'],
  ['list_files', ['readOnlyHint'], 'unknown', 'unknown'],
  ['delete_file', { readOnlyHint: true }, 'destroys', 'destroys'],
  ['list_files', { readOnlyHint: true, destructiveHint: true }, 'destroys', 'destroys'],
  ['list_files', { readOnlyHint: true, title: 'Delete all files' }, 'destroys', 'destroys'],
  ['write_file', { readOnlyHint: false }, 'writes', 'writes'],
  ['write_file', { readOnlyHint: false, destructiveHint: false }, 'writes', 'writes by its word'],
  ['write_file', { destructiveHint: true }, 'destroys', 'destroys'],
  ['tidy', { readOnlyHint: false, destructiveHint: false }, 'writes', 'writes by its word'],
  ['create_issue', undefined, 'writes', 'writes'],
])('%s with %j: untrusted %s, trusted %s', (name, annotations, untrusted, trusted) => {
  expect([risk(false, name, annotations), risk(true, name, annotations)]).toEqual([untrusted, trusted])
})

test('a description that begins with destroying does too; one that only mentions it does not', () => {
  expect(risk(true, 'tidy', { readOnlyHint: true }, 'Deletes what is old.')).toBe('destroys')
  expect(risk(true, 'tidy', { readOnlyHint: true }, 'Shows what was deleted. Never removes a thing.')).toBe(
    'reads by its word',
  )
})

test('reasons name the server, its standing and the word', () => {
  const tool = { name: 'delete_pod', annotations: { destructiveHint: true } }
  expect(riskOf({ name: 'kubernetes', trusted: true }, 'delete_pod', tool).reasons).toEqual([
    'kubernetes, which you trust, marks this tool as destructive.',
    'Its name says delete.',
  ])
  expect(riskOf({ name: 'kubernetes', trusted: false }, 'frobnicate', null)).toEqual({
    risk: 'unknown',
    byItsWord: false,
    reasons: ['kubernetes does not list this tool.'],
  })
})
