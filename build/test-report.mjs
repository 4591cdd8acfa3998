// What vitest's JSON report says: how many passed, what failed and why, what was skipped without leave.
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from './set-up.mjs'

/** The files of a report, each `{name, status, message, assertionResults}`; undefined when the run did not end. */
export function readReport(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).testResults : undefined
}

/** Texts of errors that belong to no test (stray-errors.mjs wrote them). */
export const readStrays = path => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [])

/** `file > test`, with the first lines of why, of every test that failed and every file that could not be run. */
export function failures(files) {
  return files.flatMap(file => {
    const at = relative(root, file.name)
    const tests = file.assertionResults
      .filter(test => test.status === 'failed')
      .map(test => ({
        file: file.name,
        name: `${at} > ${test.fullName}`,
        why: start(test.failureMessages?.join('\n')),
      }))
    return file.status === 'failed' && tests.length === 0
      ? [{ file: file.name, name: at, why: start(file.message) }]
      : tests
  })
}

export const passed = files => all(files).filter(test => test.status === 'passed').length

export const skipped = files =>
  all(files)
    .filter(test => !['passed', 'failed'].includes(test.status))
    .map(test => test.fullName ?? test.title)

/** Names of tests that were skipped although test/may-skip.json does not name them. */
export function skippedWithoutLeave(files) {
  const may = JSON.parse(readFileSync(join(root, 'test', 'may-skip.json'), 'utf8'))
  return skipped(files).filter(name => !may.some(allowed => name.includes(allowed)))
}

const all = files => files.flatMap(file => file.assertionResults)
const start = text =>
  (text ?? '')
    .split('\n')
    .filter(line => !line.includes('/node_modules/'))
    .slice(0, 12)
    .join('\n')
    .slice(0, 1500)
