import { expect, test } from 'vitest'
import { byServer, find, pieces } from './find.ts'

const offer = (server: string, name: string, words = '') => ({ key: `${server}/${name}`, server, name, words })
const all = [
  offer('kubernetes', 'restart_deployment', 'Restarts every pod of it'),
  offer('kubernetes', 'get_pods'),
  offer('files', 'read_file'),
  offer('files', 'Pod_pod'),
]
const names = (search: string) => find(all, search).map(f => f.offer.name)

test.each([
  ['', ['restart_deployment', 'get_pods', 'read_file', 'Pod_pod']],
  ['pod', ['get_pods', 'Pod_pod', 'restart_deployment']],
  ['files read', ['read_file']],
  ['POD get', ['get_pods']],
  ['nothing', []],
])('searching %o finds %o', (search, found) => {
  expect(names(search)).toEqual(found)
})

test('the words are marked in the name, once where they overlap', () => {
  const [one] = find(all, 'get_p pods')
  expect(pieces(one!.offer.name, one!.at)).toEqual([{ text: 'get_pods', hit: true }])
  expect(pieces('get_pods', [{ start: 4, end: 7 }])).toEqual([
    { text: 'get_', hit: false },
    { text: 'pod', hit: true },
    { text: 's', hit: false },
  ])
})

test('what is found is shown by server', () => {
  expect(byServer(find(all, 'pod')).map(g => [g.server, g.found.length])).toEqual([
    ['kubernetes', 2],
    ['files', 1],
  ])
})
